/** A reload whose exec fails, and one to a version in another folder. */
import assert from "node:assert/strict";
import { copyFileSync, readdirSync, readFileSync, readlinkSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";

import { reloads, sleeper, startDetached, stops } from "../support/reloading.ts";
import { halfRequest, history, pids } from "../support/shown.ts";
import { Site } from "../support/site.ts";
import { until } from "../support/until.ts";

/** A connection that collects what it is sent. */
class Idle {
  readonly #socket: Socket;
  received = "";

  constructor(site: Site) {
    this.#socket = connect(site.path("sample.run/socket")).setEncoding("utf8");
    this.#socket.on("data", (text: string) => { this.received += text; }).on("error", () => {});
  }

  /** Asks, waits for the whole answer, and forgets it. */
  async ask(): Promise<void> {
    this.#socket.write("GET /health HTTP/1.1\r\nHost: here\r\n\r\n");
    await until("it is answered", () => {
      assert.ok(!this.#socket.closed, "it was closed");
      const [head = "", body] = this.received.split("\r\n\r\n");
      return body !== undefined && body.length === Number(/content-length: (\d+)/i.exec(head)?.[1]);
    }, () => this.received);
    assert.match(this.received, /^HTTP\/1\.1 200 /);
    this.received = "";
  }

  close(): void {
    this.#socket.destroy();
  }
}

function copyOfNode(site: Site): string {
  const node = site.path("node");
  copyFileSync(process.execPath, node);
  return node;
}

suite("after an exec that failed", { concurrency: 1 }, () => {
  test("a detached Sentry answers on connections that were idle, has sent nothing unasked, and has no memfd left", async (t) => {
    const site = new Site(t);
    site.config(sleeper);
    const node = copyOfNode(site);
    const pid = await startDetached(site, node);
    const before = await pids(site);
    const idle = Array.from({ length: 3 }, () => new Idle(site));
    for (const one of idle) await one.ask();
    (await halfRequest(site)).resume();
    process.kill(pid, "SIGHUP");
    const told = (what: RegExp) => until(`it tells ${what}`, () => what.test(readFileSync(site.path("sample.run/logs/_sentry.log"), "utf8")));
    await told(/ successfully compiled\.$/m);
    renameSync(node, `${node}.away`);
    await told(/cannot reload: /);
    assert.deepEqual(await pids(site), before);
    assert.deepEqual(idle.map(({ received }) => received), ["", "", ""]);
    for (const one of idle) await one.ask();
    const files = readdirSync(`/proc/${pid}/fd`).map((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`);
      } catch {
        return ""; // closed meanwhile
      }
    });
    assert.deepEqual(files.filter((file) => file.includes("memfd")), []);
    for (const one of idle) one.close();
    renameSync(`${node}.away`, node);
    await reloads(site);
    await stops(site);
  });

  test("exactly one more reload follows, where SIGHUP came again meanwhile", async (t) => {
    const site = new Site(t);
    site.config(sleeper);
    const node = copyOfNode(site);
    const sentry = site.open(node, site.command("start", "sample.ts").slice(1));
    const pid = await sentry.started("x");
    (await halfRequest(site)).resume();
    sentry.kill("SIGHUP");
    await sentry.line(/ successfully compiled\.$/);
    renameSync(node, `${node}.away`);
    for (let n = 0; n < 3; n++) sentry.kill("SIGHUP");
    await sentry.line(/^cannot reload: /);
    await sentry.line(/^Problem encountered while compiling /); // there is no Node to try it with
    renameSync(`${node}.away`, node);
    await until("no reload is under way", async () => (await site.get("/reload", undefined, "POST")).status === 202);
    await until("it is recorded", () => history(site, "reloaded").length > 0);
    assert.deepEqual([...await pids(site)], [["x:0", pid]]);
    await sentry.stop();
    assert.equal(history(site, "reloaded").length, 1, "the one that was asked for last");
    assert.equal(sentry.lines.filter((line) => line.startsWith("Problem encountered")).length, 1);
  });
});

/** A Sentry that is run from the folder `one` by way of the link `current`; `turn` has that lead to `two`, and removes `one`. */
function turned(t: TestContext) {
  const site = new Site(t);
  for (const folder of ["two", "one"]) site.install(folder);
  site.config(sleeper);
  symlinkSync("one", site.path("current"));
  const cli = site.path("current/dist/cli.js");
  return {
    site, sentry: site.open(process.execPath, [cli, "start", "sample.ts"]),
    ask: (...words: string[]) => site.run(process.execPath, [cli, ...words]),
    turn() {
      symlinkSync("two", site.path("current.new"));
      renameSync(site.path("current.new"), site.path("current"));
      rmSync(site.path("one"), { recursive: true });
    },
  };
}

suite("an upgrade by a link that is turned to another folder", { concurrency: 2 }, () => {
  for (const [first, second] of [["why", "reload"], ["reload", "why"]] as const) {
    test(`takes the old one away before anybody has asked anything: sentry ${first}, and then ${second}, of the new one works`, async (t) => {
      const { site, sentry, ask, turn } = turned(t);
      const pid = await sentry.started("x");
      turn();
      for (const verb of [first, second]) {
        const { code, stdout, stderr } = await ask(verb, ...verb === "why" ? ["x", "-c"] : [], "sample.ts");
        assert.deepEqual([code, stderr], [0, ""]);
        assert.notEqual(stdout, "");
      }
      assert.deepEqual([...await pids(site)], [["x:0", pid]]);
      await sentry.stop();
      assert.equal(history(site, "reloaded").length, 1);
    });
  }
});
