import { strict as assert } from "node:assert";
import { spawnSync } from "node:child_process";
import { chmodSync, readdirSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { loadConfig } from "../../src/config/load.ts";
import { door, inFolder, load } from "./folder.ts";

/** The law of every entry that says nothing else: for ever, after the same delay. */
const plain = {
  restart: "always", successCodes: [0], backoff: null, limit: null, stopSignal: "SIGTERM", grace: 10_000, scope: "tree",
  daemon: false, ready: "started", readyTimeout: 60_000, health: null, watchdog: null, after: [], schedule: null,
};

/** What is done about the processes of every such entry from outside. */
const unattended = { ready: null, health: null, log: null, schedule: null, watch: [], restartAbove: null };

test("the classic form becomes data with every default filled in", async () => {
  await inFolder({ "sample.ts": `${door}\nexport default sentry([entry("dummy", "sleep", ["4"], 1000, 1)]);` }, async (folder) => {
    assert.deepEqual(await loadConfig(join(folder, "sample.ts")), {
      path: join(folder, "sample.ts"),
      entries: [{
        law: { name: "dummy", count: 1, delay: 1000, ...plain },
        command: "sleep", args: ["4"], cwd: folder, env: {}, envFunction: false, envSource: null, envFile: null, inheritEnv: true,
        user: null, group: null, groups: null, umask: null, nice: null, oomScoreAdj: null, noNewPrivileges: false,
        limits: [], listen: [], pidFile: null, ...unattended,
      }],
      processEvents: true,
      maxCount: 10_000,
      http: { host: "127.0.0.1", port: 8001, hosts: [], isDefault: true },
      exitWhen: null,
      on: false,
      code: null,
    });
  });
});

test("every option of an entry arrives in the units of the machine", async () => {
  const { entries: [web] } = await load(`${door}
    export default sentry([entry("web", "node", ["server.js"], {
      count: 4, delay: "2m", cwd: "/srv", env: { A: "1", B: undefined }, envFile: "/etc/web.env", inheritEnv: ["PATH"],
      user: "www", group: 33, groups: ["adm", 4], umask: "027", nice: -5, oomScoreAdj: 300, noNewPrivileges: true,
      limits: { nofile: 4096, core: "unlimited", as: { soft: "1G", hard: "2G" }, cpu: 60 },
      listen: [8080, "127.0.0.1:81", "[::1]:82", "*:83", "84", "LocalHost:85", "[fe80::1%lo]:86", "/run/web.sock"],
    })]);`);
  assert.deepEqual(web, {
    law: { name: "web", count: 4, delay: 120_000, ...plain },
    command: "node", args: ["server.js"], cwd: "/srv", env: { A: "1" }, envFunction: false, envSource: null, envFile: "/etc/web.env",
    inheritEnv: ["PATH"], user: "www", group: "33", groups: ["adm", "4"], umask: 0o27, nice: -5, oomScoreAdj: 300,
    noNewPrivileges: true,
    limits: [["nofile", 4096, 4096], ["core", -1, -1], ["as", 1024 ** 3, 2 * 1024 ** 3], ["cpu", 60, 60]],
    listen: [
      { kind: "tcp", host: null, port: 8080 }, { kind: "tcp", host: "127.0.0.1", port: 81 },
      { kind: "tcp", host: "::1", port: 82 }, { kind: "tcp", host: null, port: 83 }, { kind: "tcp", host: null, port: 84 },
      { kind: "tcp", host: "localhost", port: 85 }, { kind: "tcp", host: "fe80::1%lo", port: 86 },
      { kind: "unix", path: "/run/web.sock" },
    ],
    pidFile: null,
    ...unattended,
  });
});

/** The law of an entry with these arguments, but for its name. */
async function lawOf(args: string) {
  const { entries: [only] } = await load(`${door}\nexport default sentry([entry("a", "b", ${args})]);`);
  const { name: _, ...law } = only?.law ?? assert.fail("there is no entry");
  return law;
}

test("what is said about ends and restarts is the law, in milliseconds and with every default filled in", async () => {
  assert.deepEqual(await lawOf("[]"), { count: 1, delay: 1000, ...plain });
  assert.deepEqual(await lawOf('[], 7, 2, { restart: "on-failure", limit: { count: 3, within: "5m" } }'), {
    count: 2, delay: 7, ...plain, restart: "on-failure", limit: { count: 3, within: 300_000 },
  });
  assert.deepEqual((await lawOf("{ backoff: {} }")).backoff, { factor: 2, max: 60_000, jitter: 0.2, resetAfter: 30_000 });
  assert.deepEqual((await lawOf('{ delay: "1m", backoff: { factor: 1.5, max: "1m", jitter: 0, resetAfter: 0 } }')).backoff, {
    factor: 1.5, max: 60_000, jitter: 0, resetAfter: 0,
  });
  const { stopSignal, grace, scope } = await lawOf('{ stop: { signal: "SIGRTMIN+3", grace: 0, scope: "process" } }');
  assert.deepEqual({ stopSignal, grace, scope }, { stopSignal: "SIGRTMIN+3", grace: 0, scope: "process" });
  assert.deepEqual(await lawOf('{ stop: { grace: "2s" } }'), { count: 1, delay: 1000, ...plain, grace: 2000 });
});

test("the order and repetition of success codes mean nothing", async () => {
  assert.deepEqual((await lawOf("{ successCodes: [100, 3, 0, 3] }")).successCodes, [0, 3, 100]);
  assert.deepEqual((await lawOf("{ successCodes: [] }")).successCodes, []);
});

test("a daemon has a time to fork itself away, and may have a file for each slot, beside the configuration", async () => {
  const files = { "sample.ts": `${door}
    export default sentry([
      entry("a", "b", { daemon: true, ready: { timeout: "5s" } }),
      entry("c", "d", { count: 2, cwd: "/", daemon: { pidFile: "run/c.{slot}.pid" } }),
      entry("e", "f", [], 0, 1, { daemon: { pidFile: "/run/e.pid" } }),
    ]);` };
  await inFolder(files, async (folder) => {
    const { entries } = await loadConfig(join(folder, "sample.ts"));
    assert.deepEqual(entries.map(({ law, pidFile }) => [law.daemon, law.readyTimeout, pidFile]), [
      [true, 5000, null], [true, 60_000, join(folder, "run/c.{slot}.pid")], [true, 60_000, "/run/e.pid"],
    ]);
  });
});

test("a program may take its arguments or leave them, and its options too", async () => {
  const { entries } = await load(`${door}
    export default sentry([
      entry("a", "true"), entry("b", "true", ["x"]), entry("c", "true", { count: 2 }), entry("d", "true", [], { delay: "1s" }),
      entry("e", "true", [], 5, 6, { nice: 1 }), entry("f", "true", undefined, { count: undefined }),
    ], { http: false, processEvents: false });`);
  assert.deepEqual(entries.map(({ law, args, nice }) => [law.name, args, law.count, law.delay, nice]), [
    ["a", [], 1, 1000, null], ["b", ["x"], 1, 1000, null], ["c", [], 2, 1000, null], ["d", [], 1, 1000, null],
    ["e", [], 6, 5, 1], ["f", [], 1, 1000, null],
  ]);
});

test("a configuration is a program: it awaits, imports what lies beside it, and knows where it is", async () => {
  const files = {
    "lib/count.ts": 'import three from "./three.json" with { type: "json" };\nexport const count: number = three.value;',
    "lib/three.json": '{ "value": 3 }',
    "lib/old.cjs": 'module.exports = require("node:path").sep;',
    "sample.ts": `#!/usr/bin/env sentry
      import { basename } from "node:path";
      ${door}
      import { count } from "./lib/count.ts";
      import separator from "./lib/old.cjs";
      const command = await Promise.resolve(basename(import.meta.filename));
      const args = [import.meta.url, import.meta.dirname, process.argv[1] as string, separator];
      export default sentry([entry("a", command, args, 0, count)]);`,
  };
  await inFolder(files, async (folder) => {
    const path = join(folder, "sample.ts");
    const { entries: [entry] } = await loadConfig(path);
    assert.equal(entry?.law.count, 3);
    assert.equal(entry.command, "sample.ts");
    assert.deepEqual(entry.args, [`file://${path}`, folder, path, "/"]);
  });
});

test("a name without a known ending, with blanks, quotes and letters of any script, is TypeScript", async () => {
  const name = "it's my cönfig";
  await inFolder({ [name]: `${door}\nexport default sentry([entry("a", "b" as string)]);` }, async (folder) => {
    assert.equal((await loadConfig(join(folder, name))).entries.length, 1);
    await writeFile(join(folder, name), "\nthrow new Error('boo' as string);");
    await assert.rejects(loadConfig(join(folder, name)), { message: `${join(folder, name)} threw Error: boo (${name}:2:7)` });
  });
});

test("what a configuration prints goes to stderr, and nothing else to stdout", async () => {
  const sample = `${door}\nconsole.log("hello from the program");\nexport default sentry([]);`;
  await inFolder({ "sample.ts": sample }, (folder) => {
    const load = `import { loadConfig } from ${JSON.stringify(new URL("../../src/config/load.js", import.meta.url).href)};
      console.log(JSON.stringify((await loadConfig(${JSON.stringify(join(folder, "sample.ts"))})).entries));`;
    const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", load], { encoding: "utf8" });
    assert.equal(stdout, "[]\n");
    assert.equal(stderr, "hello from the program\n");
  });
});

test("what a configuration leaves running does not keep it from being loaded", async () => {
  assert.equal((await load(`${door}\nsetInterval(() => {}, 1000);\nexport default sentry([]);`)).entries.length, 0);
});

test("a configuration in a folder that nobody can write to is loaded, and leaves nothing behind", async (context) => {
  await inFolder({ "conf/sample.ts": `${door}\nexport default sentry([]);`, "scratch/.keep": "" }, async (folder) => {
    const before = process.env["TMPDIR"];
    context.after(() => {
      if (before === undefined) delete process.env["TMPDIR"];
      else process.env["TMPDIR"] = before;
    });
    process.env["TMPDIR"] = join(folder, "scratch");
    chmodSync(join(folder, "conf"), 0o555);
    assert.equal((await loadConfig(join(folder, "conf/sample.ts"))).entries.length, 0);
    chmodSync(join(folder, "conf"), 0o755);
    assert.deepEqual([readdirSync(join(folder, "conf")), readdirSync(join(folder, "scratch"))], [["sample.ts"], [".keep"]]);
    process.env["TMPDIR"] = join(folder, "nowhere");
    assert.equal((await loadConfig(join(folder, "conf/sample.ts"))).entries.length, 0);
  });
});

test("the compiled program comes along only where functions of it are used", async () => {
  const { code, entries } = await load(`${door}
    export default sentry([entry("a", "b", [], { env: ({ slot }) => ({ PORT: String(8080 + slot) }) })]);`);
  assert.equal(entries[0]?.envFunction, true);
  assert.deepEqual(entries[0].env, {});
  assert.match(code ?? "", /8080 \+ slot/);
});

test("of a function that gets every event it is known that it is there, and the program comes along", async () => {
  const { on, code } = await load(`${door}\nexport default sentry([], { on: (event) => console.log("seen", event.type), exitWhen: "any" });`);
  assert.equal(on, true);
  assert.match(code ?? "", /"seen", event\.type/);
  assert.deepEqual(await load(`${door}\nexport default sentry([], { on: undefined });`).then((loaded) => [loaded.on, loaded.code]), [false, null]);
});

test("the address of HTTP is the default, none, or what is asked for", async () => {
  const http = async (options: string) => (await load(`${door}\nexport default sentry([]${options});`)).http;
  assert.deepEqual(await http(""), { host: "127.0.0.1", port: 8001, hosts: [], isDefault: true });
  assert.deepEqual(await http(", { http: false }"), null);
  assert.deepEqual(await http(', { http: "127.0.0.1:8001" }'), { host: "127.0.0.1", port: 8001, hosts: [], isDefault: false });
  assert.deepEqual(await http(', { http: { address: "[::1]:80", hosts: ["a.example"] } }'), { host: "::1", port: 80, hosts: ["a.example"], isDefault: false });
  assert.deepEqual(await http(', { http: "LOCALHOST:80" }'), { host: "localhost", port: 80, hosts: [], isDefault: false });
  assert.deepEqual(await http(', { http: { hosts: ["a.example"] } }'), { host: "127.0.0.1", port: 8001, hosts: ["a.example"], isDefault: true });
  for (const host of ["*", "https://a.example/", "a b", ""]) {
    await assert.rejects(http(`, { http: { hosts: ["${host}"] } }`), /option `http/, host);
  }
  for (const address of ["example.org:80", "127.0.0.1:0", "127.0.0.1:65536", "::1:80", "[::1%lo]:80"]) {
    await assert.rejects(http(`, { http: "${address}" }`), new RegExp(`option \`http\`.*sample\\.ts:2`), address);
  }
});

test("no entry can have more processes than maxCount", async () => {
  const many = (options: string) => load(`${door}\nexport default sentry([entry("a", "true", { count: 10001 })]${options});`);
  await assert.rejects(many(""), /`count` of entry `a` is 10001, and `maxCount` is 10000 \(sample\.ts:2/);
  assert.equal((await many(", { maxCount: 20000 }")).maxCount, 20_000);
});
