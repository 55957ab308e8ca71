/** Readiness where there is much of it: many processes that say so, and one that says more than anybody can read. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";

import { Puppets } from "../support/puppets.ts";
import { history, processes } from "../support/shown.ts";
import { commandOf, Site } from "../support/site.ts";
import { becomes } from "../support/slots.ts";
import { until } from "../support/until.ts";

function memoryOf(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024;
}

suite("sd_notify", { concurrency: 1 }, () => {
  test("two hundred processes that say they are ready are all ready, over a SIGKILL of Sentry too", async (t) => {
    const site = new Site(t);
    new Puppets(site);
    const script = "until test -e go; do sleep 0.2; done; ./says READY=1; exec sleep 1000";
    site.config(`entry("x", "sh", ["-c", ${JSON.stringify(script)}], { count: 200, ready: { notify: true, timeout: "5m" } })`);
    const first = site.start();
    await until("all are started", () => history(site, "started").length === 200);
    first.kill("SIGKILL");
    site.write("go", "");
    await first.ended;
    const second = site.start();
    await second.line(/^Sentry took over 200 processes /);
    await until("all are ready", async () => (await processes(site)).every(({ state }) => state === "running"));
    const ready = history(site, "ready").map(({ slot }) => slot);
    assert.deepEqual(new Set(ready).size, 200);
    assert.equal(ready.length, 200);
    assert.equal(history(site, "started").length, 200);
    assert.equal((await site.get("/ready")).status, 200);
    await second.stop();
  });

  test("a process that floods its socket holds up nobody and fills no memory, and what it says is heard", async (t) => {
    const site = new Site(t);
    const puppets = new Puppets(site);
    const quick = 'entry("quick", "sleep", ["0.05"], 20, 1)';
    site.config(`entry("x", ${puppets.shell()}, { ready: "notify" }), ${quick}`);
    const sentry = site.start();
    const ends = (): number => history(site, "exited").filter(({ entry }) => entry === "quick").length;
    await until("quick ends", () => ends() > 2);
    const pid = await puppets.bid("x:0", `says -n 0 STATUS=${"x".repeat(4000)} & flood=$!; notes flooding`);
    await puppets.note("x");
    const before = [ends(), memoryOf(sentry.pid)] as const;
    await until("quick ends on and on", () => ends() > before[0] + 20);
    assert.ok(memoryOf(sentry.pid) - before[1] < 64 * 1024 ** 2, `${memoryOf(sentry.pid)} bytes after ${before[1]}`);
    await puppets.bid("x:0", "kill $flood; wait; says READY=1");
    assert.equal((await becomes(site, "x:0", "running")).pid, pid);
    await sentry.stop();
  });

  test("a process that ends while what it leaves behind floods its socket has ended, and all of it goes", async (t) => {
    const site = new Site(t);
    const puppets = new Puppets(site);
    site.config(`entry("x", ${puppets.shell()}, { ready: "notify", restart: "never" })`);
    const sentry = site.start();
    const pid = await puppets.bid("x:0", "says READY=1; (setsid sh -c 'exec ../says -n 0 STATUS=flood' &); sleep 0.2; exit 3");
    await becomes(site, "x:0", "failed");
    assert.deepEqual(history(site, "exited").map((exit) => [exit.pid, exit.code, exit.cause]), [[pid, 3, "exited"]]);
    assert.deepEqual(site.alive().filter((one) => commandOf(one).includes("flood")), []);
    await sentry.stop();
  });

  test("a process that writes to its descriptor for ever is ready, goes on writing, and holds up nobody", async (t) => {
    const site = new Site(t);
    const quick = 'entry("quick", "sleep", ["0.05"], 20, 1)';
    site.config(`entry("x", "sh", ["-c", "exec yes >&3"], { ready: { fd: 3 } }), ${quick}`);
    const sentry = site.start();
    const { pid } = await becomes(site, "x:0", "running");
    const ends = (): number => history(site, "exited").filter(({ entry }) => entry === "quick").length;
    const before = ends();
    await until("quick ends on and on", () => ends() > before + 10);
    assert.equal((await becomes(site, "x:0", "running")).pid, pid);
    await sentry.stop();
  });
});
