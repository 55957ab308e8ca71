/** What a process finds when it begins: environment, folder, descriptors, signals, limits, identity, sockets. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { get } from "node:http";
import type { IncomingMessage, RequestOptions } from "node:http";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";

import { NOBODY, Site } from "../support/site.ts";
import type { Circumstances } from "../support/site.ts";

const asRoot = process.getuid?.() === 0;

/** All that a shell script prints that is started with these options. */
async function tells(t: TestContext, script: string, options = "{}", circumstances: Circumstances = {}, before = ""): Promise<string[]> {
  const site = new Site(t);
  mkdirSync(site.path("sub"));
  site.config(`entry("x", "sh", ["-c", ${JSON.stringify(script)}], { delay: 60000, ...${options} })`);
  const sentry = site.open("bash", ["-c", `${before}\nexec "$0" "$@"`, ...site.command("start", "sample.ts")], circumstances);
  await sentry.line(/Exited at|cannot start/);
  await sentry.stop();
  return sentry.lines.slice(2, -2).map((line) => line.slice(25).replaceAll(site.folder, "SITE"));
}

async function environment(t: TestContext, options = "{}", circumstances: Circumstances = {}): Promise<Map<string, string>> {
  // `env` itself: a shell would add variables of its own.
  const lines = await tells(t, "exec env", options, circumstances);
  return new Map(lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
}

suite("a process", { concurrency: 2 }, () => {
  test("knows its entry, slot and run, keeps PATH, and gets nothing that was meant for Sentry", async (t) => {
    const meantForSentry = {
      NOTIFY_SOCKET: "/x", WATCHDOG_USEC: "1", WATCHDOG_PID: "1", LISTEN_FDS: "1", LISTEN_PID: "1", LISTEN_FDNAMES: "x",
      NODE_UNIQUE_ID: "1", npm_config_user_agent: "npm", npm_lifecycle_event: "start", SENTRY_SLOT: "9",
      SENTRY_ENTRY: "other", SENTRY_RUN: "of another",
    };
    const env = await environment(t, "{}", { env: { ...meantForSentry, MINE: "kept", SENTRY_OTHER: "kept" } });
    assert.equal(env.get("SENTRY_ENTRY"), "x");
    assert.equal(env.get("SENTRY_SLOT"), "0");
    assert.match(env.get("SENTRY_RUN") ?? "", /^\S+$/);
    assert.notEqual(env.get("SENTRY_RUN"), "of another");
    assert.equal(env.get("PATH"), process.env["PATH"]);
    assert.deepEqual([env.get("MINE"), env.get("SENTRY_OTHER")], ["kept", "kept"]);
    const given = Object.keys(meantForSentry).filter((name) => env.has(name) && !name.startsWith("SENTRY_"));
    assert.deepEqual(given, []);
  });

  test("gets env and envFile on top of what it inherits, or only what is named", async (t) => {
    const all = await environment(t, '{ env: { ADDED: "a=b c", OVER: "new" } }', { env: { OVER: "old", KEPT: "yes" } });
    assert.deepEqual([all.get("ADDED"), all.get("OVER"), all.get("KEPT")], ["a=b c", "new", "yes"]);
    const none = await environment(t, '{ inheritEnv: false, env: { PATH: "/usr/bin:/bin" } }', { env: { KEPT: "yes" } });
    none.delete("PWD");
    assert.deepEqual([...none.keys()].filter((name) => name !== "_" && name !== "SHLVL").sort(), ["PATH", "SENTRY_ENTRY", "SENTRY_RUN", "SENTRY_SLOT"]);
    const named = await environment(t, '{ inheritEnv: ["PATH", "KEPT", "NOTIFY_SOCKET"] }', { env: { KEPT: "yes", OTHER: "no", NOTIFY_SOCKET: "/x" } });
    assert.deepEqual([named.get("KEPT"), named.has("OTHER"), named.has("NOTIFY_SOCKET")], ["yes", false, false]);
  });

  test("gets what a function of the configuration makes for its slot, anew at each start", async (t) => {
    const site = new Site(t);
    site.write("sample.ts", [
      'import { entry, sentry } from "sentryd";', "let calls = 0;",
      "const env = async ({ entry, slot }: { entry: string; slot: number }) => ({ SAID: `${entry} ${slot} ${calls++}` });",
      'export default sentry([entry("x", "sh", ["-c", "echo said $SAID; exec sleep 1000"], { delay: 0, count: 2, env })], { http: false });',
    ].join("\n"));
    const sentry = site.start();
    const [first, second] = [(await sentry.line(/said (.*)$/))[1], (await sentry.line(/said (.*)$/))[1]].sort();
    assert.match(`${first}, ${second}`, /^x 0 [01], x 1 [01]$/);
    process.kill(await sentry.started("x"), "SIGKILL");
    assert.match((await sentry.line(/said (.*)$/))[1] ?? "", /^x [01] 2$/);
    await sentry.stop();
  });

  test("stands in the configuration's folder, or in cwd", async (t) => {
    assert.deepEqual(await tells(t, "pwd", "{}", { cwd: "/" }, 'cd "$(dirname "$HOME/x")"'), ["SITE"]);
    assert.deepEqual(await tells(t, "pwd", '{ cwd: "sub" }'), ["SITE/sub"]);
    assert.deepEqual(await tells(t, "pwd", '{ cwd: "/usr" }'), ["/usr"]);
  });

  test("has /dev/null as stdin, pipes as stdout and stderr, and no other descriptor, whatever Sentry was given", async (t) => {
    const found = await tells(t, "ls -l /proc/$$/fd", "{}", {}, "exec 7< /etc/hostname 8< / 200> /dev/null");
    const [stdin, stdout, stderr, ...rest] = found.slice(1).map((line) => / (\d+ -> [^:]+)/.exec(line)?.[1]);
    assert.deepEqual([stdin, stdout, stderr], ["0 -> /dev/null", "1 -> pipe", "2 -> pipe"]);
    assert.deepEqual(rest, []);
  });

  test("leads a session of its own, and has no signal blocked or ignored", async (t) => {
    const script = "grep -E '^Sig(Blk|Ign)' /proc/self/status; ps -o pid=,pgid=,sid= -p $$";
    const [blocked, ignored, ids = ""] = await tells(t, script, "{}", {}, "trap '' PIPE INT HUP USR1 XFSZ");
    assert.match(blocked ?? "", /\t0{16}$/);
    assert.match(ignored ?? "", /\t0{16}$/);
    const [pid, group, session] = ids.trim().split(/ +/);
    assert.deepEqual([group, session], [pid, pid]);
  });

  test("has the limits of whoever started Sentry, not those that Node gave itself, or its own", async (t) => {
    const limits = "ulimit -Sn; ulimit -Hn; ulimit -Sc";
    assert.deepEqual(await tells(t, limits, "{ limits: { nofile: { soft: 100, hard: 200 }, core: 0 } }"), ["100", "200", "0"]);
    const site = new Site(t);
    site.config(`entry("x", "sh", ["-c", "${limits}"], 60000, 1)`);
    // Node raises the soft limit before any script runs: what it was is known only as long as the one who started it lives.
    const lower = 'ulimit -Sc 0; ulimit -Sn 256; ulimit -Hn 512; "$0" "$@"; exit $?';
    const shell = site.open("bash", ["-c", lower, ...site.command("start", "sample.ts")]);
    await shell.line(/Exited/);
    assert.equal((await site.sentry(["stop", "sample.ts"])).code, 0);
    await shell.endsWell();
    assert.deepEqual(shell.lines.slice(2, -2).map((line) => line.slice(25)), ["256", "512", "0"]);
  });

  test("has the umask and niceness that were asked for", async (t) => {
    assert.deepEqual(await tells(t, "umask; nice", '{ umask: 0o027, nice: 5 }'), ["0027", "5"]);
    assert.deepEqual(await tells(t, "umask", '{ umask: "077" }'), ["0077"]);
    assert.deepEqual(await tells(t, "umask", "{}", {}, "umask 0123"), ["0123"]);
  });

  test("gains no privileges where that is asked for, and says how the OOM killer is to see it", async (t) => {
    const [privileges, score] = await tells(t, "grep NoNewPrivs /proc/self/status; cat /proc/self/oom_score_adj",
      "{ noNewPrivileges: true, oomScoreAdj: 500 }");
    assert.match(privileges ?? "", /\t1$/);
    assert.equal(score, "500");
  });

  test("is whoever it is to be: user, group, supplementary groups, and their variables", { skip: !asRoot }, async (t) => {
    const script = "id -u; id -g; id -G; echo $HOME $USER $LOGNAME";
    const [uid, gid, groups, names] = await tells(t, script, '{ user: "nobody", cwd: "/" }', { env: { HOME: process.env["HOME"], USER: "root" } });
    assert.deepEqual([uid, gid, groups], [`${NOBODY}`, `${NOBODY}`, `${NOBODY}`]);
    assert.match(names ?? "", /^\/\S* nobody nobody$/);
    assert.deepEqual(await tells(t, "id -u; id -g; id -G", `{ user: ${NOBODY}, group: "daemon", groups: [7, 8], cwd: "/" }`),
      [`${NOBODY}`, "1", "1 7 8"]);
  });

  test("that is another user can print to its stdout and stderr by their names", { skip: !asRoot }, async (t) => {
    assert.deepEqual((await tells(t, "echo out > /dev/stdout; echo err > /dev/stderr", '{ user: "nobody", cwd: "/" }')).sort(), ["err", "out"]);
  });

  test("has a command that is looked up in the PATH of its own environment", async (t) => {
    const site = new Site(t);
    site.write("bin/only-here", "#!/bin/sh\necho found\n", 0o755);
    site.config(`entry("x", "only-here", [], { delay: 60000, env: { PATH: "/nowhere:${site.path("bin")}:/usr/bin:/bin" } })`);
    const sentry = site.start();
    await sentry.line(/ found$/);
    await sentry.stop();
  });

  test("gets arguments as they are written, with blanks, quotes, stars and nothing", async (t) => {
    const site = new Site(t);
    const args = ["a b", "", "'", '"', "*", "$HOME", "\\", "ä€😀", "-n"];
    site.config(`entry("x", "node", ${JSON.stringify(["-e", "console.log(JSON.stringify(process.argv.slice(1)))", "--", ...args])}, 60000, 1)`);
    const sentry = site.start();
    const [, told = ""] = await sentry.line(/(\[.*\])$/);
    assert.deepEqual(JSON.parse(told), args);
    await sentry.stop();
  });
});

suite("sockets that Sentry listens on", { concurrency: 2 }, () => {
  test("are bound once, and each process of the entry answers on them: none is refused while it restarts", async (t) => {
    const site = new Site(t);
    const port = await freePort();
    const [node, args] = site.fixture("answers.mjs", "{fd}").split(/, (?=\[)/);
    site.config(`entry("web", ${node}, ${args}, { listen: ["127.0.0.1:${port}", "./web.sock"], delay: 200 })`);
    const sentry = site.start();
    await sentry.line(/ listens on 4$/);
    const answered = new Set<string>();
    // Each answer is the last of its process: the next one comes from the queue of a socket that was never closed.
    for (let n = 0; n < 3; n++) {
      answered.add(await answer({ port, host: "127.0.0.1" }));
      answered.add(await answer({ socketPath: site.path("web.sock") }));
    }
    assert.equal(answered.size, 6);
    await sentry.stop();
    assert.ok(!existsSync(site.path("web.sock")));
  });

  test("that are taken already keep Sentry from starting: exit 5, with the address and the entry", async (t) => {
    const site = new Site(t);
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    t.after(() => other.close());
    const { port } = other.address() as AddressInfo;
    site.config(`entry("web", "echo", ["> started"], { listen: "127.0.0.1:${port}" })`);
    const { code, stderr } = await site.sentry(["start", "sample.ts"]);
    assert.equal(code, 5, stderr);
    assert.match(stderr, new RegExp(`${port}.*web.*EADDRINUSE`));
    assert.deepEqual(readdirSync(site.path("sample.run")).filter((name) => name !== ".gitignore"), []);
    assert.ok(!existsSync(site.path("sample.pid")), "nothing is left behind");
  });
});

async function answer(where: RequestOptions): Promise<string> {
  const [response] = await once(get({ ...where, agent: false }), "response") as [IncomingMessage];
  let text = "";
  for await (const chunk of response.setEncoding("utf8")) text += String(chunk);
  return text;
}

/** Nobody listens on it at this moment. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
