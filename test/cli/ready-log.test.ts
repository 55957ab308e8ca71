/** Ready by a line that it prints: what is looked at, that nothing is missed, and that nobody else is held up by it. */
import assert from "node:assert/strict";
import type { StdioOptions } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";

import { Puppets } from "../support/puppets.ts";
import { isOver, reloads } from "../support/reloading.ts";
import type { Sentry } from "../support/sentry.ts";
import { history } from "../support/shown.ts";
import { Site } from "../support/site.ts";
import { becomes, slot, told } from "../support/slots.ts";
import { until } from "../support/until.ts";

function running(t: TestContext, options: string, others = "", stdio: StdioOptions = ["ignore", "pipe", "pipe"]) {
  const site = new Site(t);
  const puppets = new Puppets(site);
  site.config(`entry("x", ${puppets.shell()}, { ${options} }), ${others}`);
  return { site, puppets, sentry: site.start(undefined, { stdio }) };
}

/** Ends and is started again all the time. */
const QUICK = 'entry("quick", "sleep", ["0.05"], 20, 1)';

const endsOf = (site: Site): number => history(site, "exited").filter(({ entry }) => entry === "quick").length;

async function endsOnAndOn(site: Site, so = 5): Promise<void> {
  const before = endsOf(site);
  await until("another entry's ends are seen", () => endsOf(site) >= before + so);
}

/** In bytes; what a flood would have brought into memory by now is a lot more. */
function memoryOf(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024;
}

suite("a process that is ready by a line", { concurrency: 2 }, () => {
  test("is ready only by a whole line that matches, of either stream, and in whatever pieces it comes", async (t) => {
    const { site, puppets, sentry } = running(t, "ready: { log: /^listening on [0-9]+$/ }");
    await puppets.bid("x:0", "echo 'not listening on 80'; echo listening on none >&2; printf 'listening '; sleep 0.2; notes printed");
    await puppets.note("x");
    assert.equal((await slot(site, "x:0")).state, "starting");
    await puppets.bid("x:0", "printf 'on 80'; sleep 0.2; echo");
    await becomes(site, "x:0", "running");
    await sentry.line(/ not listening on 80$/);
    await sentry.line(/ listening on none$/);
    await sentry.line(/ listening on 80$/);
    await sentry.stop();
  });

  test("is not ready by what stands at the end of the first 64 KiB of a line that goes on", async (t) => {
    const { site, puppets, sentry } = running(t, "ready: { log: /ready$/ }");
    await puppets.bid("x:0", "printf '%065531dready, but not yet\\n' 0; echo looked at");
    await sentry.line(/ looked at$/);
    assert.equal((await slot(site, "x:0")).state, "starting");
    await puppets.bid("x:0", "echo ready");
    await becomes(site, "x:0", "running");
    await sentry.stop();
  });

  test("loses no line of what it prints, over a reload and a SIGKILL of Sentry, and is ready by what comes then", async (t) => {
    const { site, puppets, sentry: first } = running(t, "ready: { log: /^ready$/ }");
    const prints = "n=0; while test ! -e enough; do for i in 1 2 3 4 5 6 7 8 9; do n=$((n + 1)); echo line $n; done; sleep 0.002; done";
    const pid = await puppets.bid("x:0", `${prints}; echo ready; notes $n`);
    const linesOf = (...of: Sentry[]): number[] => of.flatMap(({ lines }) => lines.flatMap((line) => Number(/ line (\d+)$/.exec(line)?.[1] ?? Number.NaN)))
      .filter((n) => !Number.isNaN(n));
    await until("it prints", () => linesOf(first).length > 100);
    await reloads(site);
    assert.equal((await slot(site, "x:0")).state, "starting");
    const soFar = linesOf(first).length;
    await until("it prints on", () => linesOf(first).length > soFar + 100);
    first.kill("SIGKILL");
    await until("Sentry is gone", () => isOver(first.pid));
    const second = site.start();
    await second.line(/^Sentry took over 1 process /);
    await until("it prints on", () => linesOf(second).length > 100);
    site.write("puppets/enough", "");
    assert.equal((await becomes(site, "x:0", "running")).pid, pid);
    const count = Number(await puppets.note("x"));
    await second.line(/ ready$/);
    // The last batch may be there twice.
    const all = [...new Set(linesOf(first, second))];
    assert.deepEqual(all, Array.from({ length: count }, (_, n) => n + 1));
    assert.deepEqual(told(site, "x"), ["started", "ready"]);
    await second.stop();
  });

  test("that prints as fast as it can holds up nobody and fills no memory; it is ready as soon as it says so", async (t) => {
    const { site, puppets, sentry } = running(t, "ready: { log: /^ready$/ }", QUICK, "ignore");
    await endsOnAndOn(site, 2);
    // Its end may come in the middle of a line.
    await puppets.bid("x:0", "timeout 4 yes a line that says nothing of the kind; echo; echo ready");
    await endsOnAndOn(site);
    const before = memoryOf(sentry.pid);
    await endsOnAndOn(site, 15);
    const grown = memoryOf(sentry.pid) - before;
    assert.ok(grown < 64 * 1024 ** 2, `${grown} bytes more`);
    await becomes(site, "x:0", "running");
    await sentry.stop();
  });

  test("by a pattern that takes for ever holds up nobody: that is told, and is no match", async (t) => {
    const { site, puppets, sentry } = running(t, 'ready: { log: /^(a+)+$/, timeout: "20s" }', QUICK);
    await endsOnAndOn(site, 2);
    await puppets.bid("x:0", `echo ${"a".repeat(60)}b`);
    await sentry.line(/ready pattern .* takes too long/);
    await endsOnAndOn(site);
    assert.equal((await slot(site, "x:0")).state, "starting");
    await puppets.bid("x:0", "echo aaa");
    await becomes(site, "x:0", "running");
    await sentry.stop();
  });
});

/** Until the file `go` is there. */
const WAITS = "until test -e go; do sleep 0.02; done";

/** Forks itself away after `before`, and then does that. */
function daemon(t: TestContext, does: string, { before = "", pidFile = false } = {}) {
  const site = new Site(t);
  const script = `${before} setsid sh -c '${does}; exec sleep 120' & exit 0`;
  const how = pidFile ? '{ pidFile: "x.pid" }' : "true";
  site.config(`entry("x", "sh", ${JSON.stringify(["-c", script])}, { daemon: ${how}, ready: { log: /READY/, timeout: "20s" }, restart: "never" })`);
  return { site, sentry: site.start() };
}

async function becomesReady(site: Site): Promise<void> {
  await until("it is ready, or is not", () => told(site, "x").length > 1);
  assert.deepEqual(told(site, "x"), ["started", "ready"]);
  assert.equal((await slot(site, "x:0")).state, "running");
}

suite("a daemon that is ready by a line", { concurrency: 2 }, () => {
  test("may print it before it is known which process it is: at once, or before it forks itself away", async (t) => {
    for (const one of [daemon(t, "echo READY"), daemon(t, ":", { before: "echo READY;" })]) {
      await becomesReady(one.site);
      await one.sentry.stop();
    }
  });

  test("may print others before it", async (t) => {
    const { site, sentry } = daemon(t, `echo hello; ${WAITS}; echo READY`);
    await sentry.line(/ hello$/);
    site.write("go", "");
    await becomesReady(site);
    await sentry.stop();
  });

  test("may print it, and much more, before its PID file is there; a reload forgets nothing", async (t) => {
    const much = "head -c 300000 /dev/zero | tr \"\\0\" \"\\n\"";
    const { site, sentry } = daemon(t, `echo READY; ${much}; echo printed; ${WAITS}; echo $$ > x.new; mv x.new x.pid`, { pidFile: true });
    await sentry.line(/ printed$/);
    await reloads(site);
    site.write("go", "");
    await becomesReady(site);
    await sentry.stop();
  });

  test("is ready by what it has printed while there was no Sentry", async (t) => {
    const { site, sentry: first } = daemon(t, `echo hello; ${WAITS}; echo READY; : > printed`);
    await first.line(/ hello$/);
    first.kill("SIGKILL");
    await until("Sentry is gone", () => isOver(first.pid));
    site.write("go", "");
    await until("it has printed", () => existsSync(site.path("printed")));
    const second = site.start();
    await second.line(/^Sentry took over 1 process /);
    await becomesReady(site);
    await second.stop();
  });
});
