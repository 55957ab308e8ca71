/** `sentry logs`: what entries have printed, and what they print. */
import assert from "node:assert/strict";
import { readFileSync, renameSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { suite, test } from "node:test";

import { answering } from "../support/answering.ts";
import { Site } from "../support/site.ts";
import { until } from "../support/until.ts";

const shell = (name: string, script: string, more = "{}"): string => `entry("${name}", "sh", ["-c", ${JSON.stringify(script)}], ${more})`;

/** Prints, and then stays. */
const printing = (name: string, script: string): string => shell(name, `${script}; exec sleep 1000`);

/** Prints a number each time that it is signalled. */
const counting = (name: string): string => printing(name, "n=0; trap 'n=$((n+1)); echo number $n' USR1; echo ready; while :; do sleep 0.01; done");

const plain = (text: string): string[] => text.split("\n").slice(0, -1).map((line) => line.replace(/^\d\d:\d\d:\d\d \S+ +/, ""));

async function newest(site: Site, ...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await site.sentry(["logs", "-c", "sample.ts", ...words]);
  assert.deepEqual([code, stderr], [0, ""]);
  return stdout;
}

const ways = [["in the foreground", false], ["detached", true]] as const;

/** Gives how it is stopped. */
async function begin(site: Site, isDetached: boolean): Promise<() => Promise<void>> {
  if (!isDetached) {
    const sentry = site.start();
    await until("it answers", async () => (await site.sentry(["status", "sample.ts"])).code === 0);
    return () => sentry.stop();
  }
  assert.equal((await site.sentry(["start", "-d", "sample.ts"])).code, 0);
  return async () => assert.equal((await site.sentry(["stop", "sample.ts"])).code, 0);
}

suite("sentry logs", { concurrency: 2 }, () => {
  for (const [how, isDetached] of ways) {
    test(`shows the newest lines of an entry, byte for byte: ${how}`, async (t) => {
      const site = new Site(t);
      site.config(`${printing("web", "seq 300; printf 'odd \\377\\r\\033[1m\\n'")}, ${printing("db", "echo hello")}`);
      const stop = await begin(site, isDetached);
      await until("it has printed", async () => (await newest(site, "web", "-n", "1")).includes("odd"));
      const { stdout } = await site.run("sh", ["-c", `${site.command("logs", "web", "-n", "3", "-c", "sample.ts").map((word) => `'${word}'`).join(" ")} | od -An -c -v`]);
      assert.match(stdout.replaceAll(/\s+/g, ""), /2991?.*300.*odd377\\r033\[1m\\n$/);
      const lines = await newest(site, "web");
      assert.equal(lines.split("\n").length, 101);
      assert.match(lines, /^\d\d:\d\d:\d\d web\.\d+ +202\n/);
      assert.deepEqual(plain(await newest(site, "db")).map((line) => line.replace(/ at \d+/, "")), ["Started.", "hello"]);
      assert.equal(await newest(site, "db", "-n", "0"), "");
      await stop();
    });

    test(`-f shows each line once, over a reload and a move of the file, and ends well with Sentry: ${how}`, async (t) => {
      const site = new Site(t);
      site.config(`${counting("web")}, ${counting("db")}`);
      const stop = await begin(site, isDetached);
      await until("both are ready", async () => plain(await newest(site)).filter((line) => line === "ready").length === 2);
      const one = site.open(process.execPath, site.command("logs", "-f", "web", "-n", "1", "-c", "sample.ts").slice(1));
      const both = site.open(process.execPath, site.command("logs", "-f", "--json", "-n", "0", "-c", "sample.ts").slice(1));
      await one.line(/ready/);
      const signal = async (entry: string) => assert.equal((await site.sentry(["signal", `${entry}:0`, "USR1", "-c", "sample.ts"])).code, 0);
      await signal("web");
      await one.line(/number 1$/);
      // What came before it had looked is not told: so it is asked until it tells.
      await until("the other follows as well", async () => {
        await signal("db");
        return both.lines.length > 0;
      });
      assert.equal((await site.sentry(["reload", "sample.ts"])).code, 0);
      await signal("web");
      await one.line(/number 2$/);
      if (isDetached) {
        renameSync(site.path("sample.run/logs/web.log"), site.path("old.log"));
        assert.equal((await site.get("/reload-logs", undefined, "POST")).status, 200);
      }
      await signal("web");
      await one.line(/number 3$/);
      await both.line(/web\.\d+ +number 3"$/);
      if (isDetached) {
        assert.deepEqual(plain(readFileSync(site.path("sample.run/logs/web.log"), "utf8")), ["number 3"]);
        assert.deepEqual(plain(readFileSync(site.path("old.log"), "utf8")).slice(1), ["ready", "number 1", "number 2"]);
      }
      await stop();
      assert.deepEqual([await one.ended, one.stderr], [{ code: 0, signal: null }, ""]);
      assert.deepEqual([await both.ended, both.stderr], [{ code: 0, signal: null }, ""]);
      assert.deepEqual(plain(`${one.lines.join("\n")}\n`).slice(0, 4), ["ready", "number 1", "number 2", "number 3"]);
      const told = both.lines.map((line) => JSON.parse(line) as string);
      assert.deepEqual(plain(`${told.filter((line) => line.includes(" web.")).join("\n")}\n`).filter((line) => line.startsWith("number")).slice(-2), ["number 2", "number 3"]);
      assert.equal(new Set(told).size, told.length);
    });
  }

  test("-f shows what processes print while Sentry stops, to the last half line", async (t) => {
    const site = new Site(t);
    const script = "trap 'echo bye; printf end; exit 0' TERM; echo ready; while :; do sleep 0.01; done";
    const logs = [undefined, { file: "raw.log" }, { file: "prefixed.log", format: "prefixed" }, { file: "json.log", format: "json" }];
    site.config(logs.map((log, n) => shell(`e${n}`, script, JSON.stringify({ log, stop: { scope: "process" } }))).join());
    const sentry = site.start();
    for (const n of logs.keys()) await sentry.line(new RegExp(String.raw`e${n}\.\d+ +Started`));
    const followers = logs.map((_, n) => site.open(process.execPath, site.command("logs", "-f", `e${n}`, "-c", "sample.ts").slice(1)));
    for (const follower of followers) await follower.line(/ready$/);
    await sentry.stop();
    for (const follower of followers) {
      assert.deepEqual(await follower.ended, { code: 0, signal: null });
      assert.deepEqual(plain(`${follower.lines.join("\n")}\n`).filter((line) => !/^(?:Started|Exited) at/.test(line)), ["ready", "bye", "end"]);
    }
  });

  test("shows the last line of a raw file without an end where it has none, and with one before others", async (t) => {
    const site = new Site(t);
    const prints = (name: string, text: string): string => `entry("${name}", "printf", ["${text}"], { restart: "never", log: { file: "${name}.log" } })`;
    site.config(`${prints("one", "one")}, ${prints("two", "1\\\\n2")}`);
    const sentry = site.start();
    for (const name of ["one", "two"]) await sentry.line(new RegExp(String.raw`${name}\.\d+ +Exited`));
    assert.deepEqual([await newest(site, "one"), await newest(site, "two"), await newest(site, "two", "-n", "1")], ["one", "1\n2", "2"]);
    assert.deepEqual(JSON.parse(await newest(site, "two", "--json")), ["1", "2"]);
    assert.deepEqual((await newest(site)).split("\n").sort(), ["1", "2", "one"]);
    await sentry.stop();
  });

  test("what was printed before a SIGKILL of Sentry, and while there was none, is there after it", async (t) => {
    const site = new Site(t);
    site.config(`${counting("web")}, ${printing("db", "echo hello")}`);
    const sentry = site.start();
    const web = await sentry.started("web");
    await until("it answers", async () => (await site.sentry(["status", "sample.ts"])).code === 0);
    await until("both are ready", async () => plain(await newest(site)).filter((line) => line === "ready" || line === "hello").length === 2);
    const before = await newest(site, "db");
    sentry.kill("SIGKILL");
    await sentry.ended;
    process.kill(web, "SIGUSR1");
    const next = site.start();
    await until("it answers", async () => (await site.sentry(["status", "sample.ts"])).code === 0);
    await until("its line is there", async () => plain(await newest(site, "web")).includes("number 1"));
    assert.deepEqual(plain(await newest(site, "web")).map((line) => line.replace(/ at \d+/, "")), ["Started.", "ready", "number 1"]);
    assert.equal(await newest(site, "db"), before);
    await next.stop();
  });

  test("without an entry it is the newest of all, by time; with --json one document", async (t) => {
    const site = new Site(t);
    const step = (name: string, before: string) => printing(name, `until test -e ${before}; do sleep 0.01; done; sleep 1.1; echo ${name}; touch ${name}`);
    site.config([step("c", "b"), step("a", "begin"), step("b", "a")].join(", "));
    site.write("begin", "");
    const stop = await begin(site, false);
    await until("all have printed", async () => plain(await newest(site, "c")).includes("c"));
    assert.deepEqual(plain(await newest(site, "-n", "3")), ["a", "b", "c"]);
    assert.deepEqual(plain(await newest(site, "-n", "1")), ["c"]);
    const all = JSON.parse(await newest(site, "--json")) as string[];
    assert.equal(all.length, 6);
    assert.equal(`${all.join("\n")}\n`, await newest(site));
    await stop();
  });

  test("with --json a line that is not UTF-8 is there with all its bytes, in base64, also with -f", async (t) => {
    const site = new Site(t);
    const script = "printf 'odd \\377\\r\\033[1m\\nmore \\303\\244\\n'";
    site.config(`${shell("raw", `${script}; exec sleep 1000`, '{ log: { file: "raw.log" } }')}, ${printing("web", script)}`);
    const sentry = site.start();
    for (const entry of ["raw", "web"]) await until("it has printed", async () => (await site.sentry(["logs", entry, "-c", "sample.ts"])).stdout.includes("more"));
    const following = site.open(process.execPath, site.command("logs", "-f", "raw", "--json", "-n", "2", "-c", "sample.ts").slice(1));
    await following.line(/more/);
    const odd = { base64: Buffer.from("odd \xff\r\x1b[1m", "latin1").toString("base64") };
    assert.deepEqual(JSON.parse(await newest(site, "raw", "--json")), [odd, "more ä"]);
    assert.deepEqual(following.lines.map((line) => JSON.parse(line) as unknown), [odd, "more ä"]);
    const [prefixed, text] = JSON.parse(await newest(site, "web", "--json", "-n", "2")) as [{ base64: string }, string];
    assert.match(Buffer.from(prefixed.base64, "base64").toString("latin1"), /^\d\d:\d\d:\d\d web\.\d+ +odd \xff\r\x1b\[1m$/);
    assert.match(text, /^\d\d:\d\d:\d\d web\.\d+ +more ä$/);
    await sentry.stop();
    await following.ended;
  });

  test("shows up to a million lines, and exits 2 where more are asked for", async (t) => {
    const site = new Site(t);
    site.config(printing("web", "seq 20000"));
    const stop = await begin(site, true);
    const numbers = Array.from({ length: 20_000 }, (_, n) => `${n + 1}`);
    await until("all is printed", async () => plain(await newest(site, "web", "-n", "1")).includes("20000"));
    assert.deepEqual(plain(await newest(site, "web", "-n", "1000000")).slice(1), numbers);
    const all = JSON.parse(await newest(site, "web", "--json", "-n", "20000")) as string[];
    assert.deepEqual(plain(`${all.join("\n")}\n`), numbers);
    assert.equal(await newest(site, "web", "--json", "-n", "0"), "[]\n");
    const { code, stderr } = await site.sentry(["logs", "-n", "1000001", "-c", "sample.ts"]);
    assert.equal(code, 2);
    assert.match(stderr, /--lines must be a whole number from 0 to 1000000, not '1000001'/);
    await stop();
  });

  test("-f follows each entry anew whose stream has ended, while others go on", async (t) => {
    const site = new Site(t);
    let streams = 0;
    const streamOf = (text: string, isOver: boolean) => (response: ServerResponse): void => {
      response.writeHead(200, { "content-type": "text/event-stream" }).write(text);
      if (isOver) response.end();
    };
    await answering(t, site, {
      "GET /entries": [{ name: "web" }, { name: "db" }],
      "GET /entries/web/logs?lines=100": (response) => response.end(),
      "GET /entries/db/logs?lines=100": (response) => response.end(),
      "GET /entries/db/logs?follow=true&lines=10000": streamOf("id: 1.1\ndata: one\n\n", false),
      "GET /entries/web/logs?follow=true&lines=10000": (response) => {
        const n = ++streams;
        streamOf(`id: 2.${n}\ndata: web ${n}\n\n${n === 1 ? ": dropped: nothing was taken for 30 s\n\n" : ""}`, n < 3)(response);
      },
    });
    const one = site.open(process.execPath, site.command("logs", "-f", "-c", "sample.ts").slice(1));
    for (const line of [/^one$/, /^web 1$/, /^web 2$/, /^web 3$/]) await one.line(line);
    assert.match(one.stderr, /nothing was taken for 30 s/);
    one.kill("SIGINT");
    assert.equal((await one.ended).code, 0);
  });

  test("an entry that is not there, a wrong number and nobody to ask have their exit codes", async (t) => {
    const site = new Site(t);
    site.config(printing("web", "echo hello"));
    const logs = (...words: string[]) => site.sentry(["logs", "-c", "sample.ts", ...words]);
    assert.equal((await logs("web")).code, 3);
    const stop = await begin(site, false);
    for (const words of [["wbe"], ["wbe", "-f"]]) {
      const { code, stderr } = await logs(...words);
      assert.deepEqual([code, stderr], [4, "sentry: there is no entry `wbe`; did you mean `web`?\n"]);
    }
    assert.equal((await logs("web", "-n", "x")).code, 2);
    assert.equal((await logs("web", "db")).code, 2);
    await stop();
  });
});
