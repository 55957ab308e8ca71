/** What Sentry says of itself to whoever has started it: by the rules with a socket that is none, and with a real one. */
import assert from "node:assert/strict";
import { suite, test, type TestContext } from "node:test";

import { Announcing } from "../../src/cli/announcing.ts";
import type { HistoryRecord } from "../../src/core/record.ts";
import { emptyState } from "../../src/core/state.ts";
import type { Phase, State } from "../../src/core/state.ts";
import { slotId } from "../../src/core/types.ts";
import { fieldsOf, ServiceManager } from "../support/service-manager.ts";
import { Site } from "../support/site.ts";

const SOMETHING: HistoryRecord = { type: "scaled", at: 0, entry: "web", slot: null, pid: null, count: 1, cause: null, by: null };

/** A state of which only as much is there as is looked at, a clock, and a socket. */
class Told {
  readonly state: State = emptyState();
  readonly sent: string[] = [];
  readonly told: string[] = [];
  /** What the socket answers. */
  errno: string | null = null;
  mono = 5000;
  readonly #t: TestContext;

  constructor(t: TestContext) {
    t.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
    this.#t = t;
  }

  announcing(env: NodeJS.ProcessEnv = {}, wasReady = false): Announcing {
    const announcing = Announcing.of({ NOTIFY_SOCKET: "/run/notify", ...env }, {
      notify: (socket, text) => {
        assert.equal(socket, "/run/notify");
        if (this.errno === null) this.sent.push(text);
        return this.errno;
      },
      clock: { now: () => ({ wall: 0, mono: this.mono }) }, engine: this, wasReady, tell: (text) => this.told.push(text),
    });
    assert(announcing !== null);
    this.#t.after(() => announcing.close());
    return announcing;
  }

  /** The phases of an entry's slots, from 0 on. */
  phases(entry: string, ...kinds: Phase["kind"][]): void {
    this.state.entries.set(entry, { law: { name: entry }, count: kinds.length } as never);
    for (const [number, kind] of kinds.entries()) this.state.slots.set(slotId(entry, number), { entry, number, wanted: true, phase: { kind } } as never);
  }

  tick(millis: number): void {
    this.mono += millis;
    this.#t.mock.timers.tick(millis);
  }

  /** All that was said since this was last asked. */
  heard(): string[] {
    return this.sent.splice(0);
  }
}

const READY = `READY=1\nMAINPID=${process.pid}\n`;

test("where nobody wants to be told, nobody is", () => {
  assert.equal(Announcing.of({ WATCHDOG_USEC: "1000" }, {} as never), null);
  assert.equal(Announcing.of({ NOTIFY_SOCKET: "" }, {} as never), null);
});

test("Sentry is ready once all wanted processes are, and says so once", (t) => {
  const told = new Told(t);
  told.phases("web", "starting", "starting");
  told.phases("nightly", "scheduled");
  told.phases("setup", "finished");
  const announcing = told.announcing();
  announcing.record(SOMETHING);
  assert.deepEqual(told.heard(), []);
  announcing.begin();
  assert.deepEqual(told.heard(), ["STATUS=2 of 4 processes ready"]);
  told.phases("web", "running", "readying");
  announcing.record(SOMETHING);
  told.tick(100);
  assert.deepEqual(told.heard(), ["STATUS=3 of 4 processes ready"]);
  told.phases("web", "running", "running");
  announcing.record(SOMETHING);
  told.tick(100);
  assert.deepEqual(told.heard(), [`${READY}STATUS=4 of 4 processes ready`]);
  told.phases("web", "waiting", "running");
  announcing.record(SOMETHING);
  told.tick(100);
  assert.deepEqual(told.heard(), ["STATUS=3 of 4 processes ready"]);
});

test("a Sentry that has nothing to keep running is ready at once", (t) => {
  const told = new Told(t);
  told.announcing().begin();
  assert.deepEqual(told.heard(), [`${READY}STATUS=0 of 0 processes ready`]);
});

test("those that have failed are named, up to five", (t) => {
  const told = new Told(t);
  told.phases("web", "failed", "running");
  told.phases("db", "failed");
  const announcing = told.announcing();
  announcing.begin();
  assert.deepEqual(told.heard(), ["STATUS=1 of 3 processes ready, 2 failed: web:0, db:0"]);
  told.phases("web", ...Array<Phase["kind"]>(7).fill("failed"));
  announcing.record(SOMETHING);
  told.tick(100);
  assert.deepEqual(told.heard(), ["STATUS=0 of 8 processes ready, 8 failed: web:0, web:1, web:2, web:3, web:4 and 3 more"]);
});

test("it is said ten times a second at most, and only what has changed; else there is no timer", (t) => {
  const told = new Told(t);
  told.phases("web", "starting");
  const announcing = told.announcing();
  announcing.begin();
  told.heard();
  for (let n = 0; n < 100; n++) {
    told.phases("web", n % 2 === 0 ? "running" : "starting");
    announcing.record(SOMETHING);
    told.tick(10);
  }
  assert.ok(told.heard().length <= 10);
  told.tick(1000);
  told.heard();
  announcing.record(SOMETHING);
  told.tick(1000);
  assert.deepEqual(told.heard(), []);
});

test("a reload is said with its moment, and its end by the next image", (t) => {
  const told = new Told(t);
  const announcing = told.announcing();
  announcing.begin();
  told.heard();
  told.mono = 7000.5;
  announcing.reloads();
  assert.deepEqual(told.heard(), ["RELOADING=1\nMONOTONIC_USEC=7000500\nSTATUS=Reloading"]);
  assert.equal(announcing.hasBeenReady, true);
  announcing.close();
  told.phases("web", "starting");
  const next = told.announcing({}, true);
  assert.deepEqual(told.heard(), []);
  next.begin();
  assert.deepEqual(told.heard(), [`${READY}STATUS=0 of 1 process ready`]);
});

test("a reload that comes to nothing is over as well, and the status says why until the next one", (t) => {
  const told = new Told(t);
  const announcing = told.announcing();
  announcing.begin();
  announcing.reloads();
  told.heard();
  announcing.refused("sample.ts:3:1: no such option\nand more");
  assert.deepEqual(told.heard(), [`${READY}STATUS=0 of 0 processes ready, the last reload was refused: sample.ts:3:1: no such option`]);
  announcing.reloads();
  announcing.refused("x".repeat(1000));
  assert.ok((told.heard().at(-1) ?? "").length < 400);
});

test("before Sentry is ready, its reloads are nobody's concern", (t) => {
  const told = new Told(t);
  told.phases("web", "starting");
  const announcing = told.announcing();
  announcing.begin();
  announcing.reloads();
  assert.deepEqual([told.heard(), announcing.hasBeenReady], [["STATUS=0 of 1 process ready"], false]);
  announcing.close();
  const next = told.announcing();
  next.begin();
  assert.deepEqual(told.heard(), ["STATUS=0 of 1 process ready"]);
});

test("a whole stop is said at once, and how long it may take", (t) => {
  const told = new Told(t);
  told.phases("web", "running", "running");
  const announcing = told.announcing();
  announcing.begin();
  told.heard();
  told.state.course = "leaving";
  told.state.live = 2;
  const stopping = { type: "stopping", at: 0, entry: "web", slot: 0, pid: 1, run: 1, wanted: true, cause: "stopped", by: null, reason: null } as const;
  announcing.record({ ...stopping, until: told.mono + 3000 });
  assert.deepEqual(told.heard(), ["STOPPING=1\nEXTEND_TIMEOUT_USEC=18000000\nSTATUS=Stopping, 2 processes left"]);
  told.state.live = 1;
  announcing.record({ ...stopping, slot: 1, until: told.mono + 1000 });
  told.tick(100);
  assert.deepEqual(told.heard(), ["STATUS=Stopping, 1 process left"]);
  announcing.record({ ...stopping, slot: 1, until: told.mono + 9000 });
  told.tick(100);
  assert.deepEqual(told.heard(), ["EXTEND_TIMEOUT_USEC=23900000"]);
  announcing.reloads();
  announcing.refused("Sentry itself is stopping");
  assert.deepEqual(told.heard(), []);
});

test("whoever watches Sentry's loop hears of it twice as often as is asked", (t) => {
  const told = new Told(t);
  const announcing = told.announcing({ WATCHDOG_USEC: "2000000", WATCHDOG_PID: String(process.pid) });
  assert.deepEqual(told.heard(), ["WATCHDOG=1"]);
  told.tick(3000);
  assert.deepEqual(told.heard(), ["WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1"]);
  announcing.close();
  told.tick(3000);
  assert.deepEqual(told.heard(), []);
});

test("a watchdog that is meant for another process, or none, is not fed", (t) => {
  const told = new Told(t);
  for (const env of [{}, { WATCHDOG_USEC: "0" }, { WATCHDOG_USEC: "no" }, { WATCHDOG_USEC: "1000", WATCHDOG_PID: "1" }]) told.announcing(env);
  told.tick(1000);
  assert.deepEqual(told.heard(), []);
});

test("what found no room is said later, as it is then; what cannot be said is told once", (t) => {
  const told = new Told(t);
  told.phases("web", "starting");
  const announcing = told.announcing();
  told.errno = "EAGAIN";
  announcing.begin();
  told.phases("web", "running");
  told.tick(50);
  told.errno = null;
  told.tick(50);
  assert.deepEqual([told.heard(), told.told], [[`${READY}STATUS=1 of 1 process ready`], []]);
  told.errno = "ECONNREFUSED";
  for (const kind of ["starting", "running", "starting"] as const) {
    told.phases("web", kind);
    announcing.record(SOMETHING);
    told.tick(100);
  }
  assert.deepEqual(told.told, ["Whoever has started Sentry cannot be told how it is: /run/notify: ECONNREFUSED"]);
});

suite("a real Sentry", { concurrency: 2 }, () => {
  test("says on a real socket that it is ready, reloads, and stops", async (t) => {
    const site = new Site(t);
    const manager = await ServiceManager.listen(t, site.path("notify"));
    site.config('entry("late", "sh", ["-c", "while ! [ -e go ]; do sleep 0.02; done; systemd-notify --ready; exec sleep 1000"], { ready: "notify" }), entry("x", "sleep", ["1000"])');
    const sentry = site.start(["start", "sample.ts"], { env: { NOTIFY_SOCKET: site.path("notify") } });
    await manager.next(/^STATUS=1 of 2 processes ready$/);
    assert.ok(!manager.heard.some((text) => text.includes("READY=1")));
    site.write("go", "");
    assert.deepEqual(await manager.next(/^READY=1$/), { READY: "1", MAINPID: String(sentry.pid), STATUS: "2 of 2 processes ready" });

    const before = process.hrtime.bigint() / 1000n;
    sentry.process.kill("SIGHUP");
    const reloading = await manager.next(/^RELOADING=1$/);
    assert.ok(BigInt(reloading["MONOTONIC_USEC"] ?? 0) >= before, "it is after whoever has asked");
    assert.equal((await manager.next(/^READY=1$/))["MAINPID"], String(sentry.pid));
    site.write("sample.ts", "no program");
    sentry.process.kill("SIGHUP");
    await manager.next(/^RELOADING=1$/);
    assert.match((await manager.next(/^READY=1$/))["STATUS"] ?? "", /^2 of 2 processes ready, the last reload was refused: /);
    await sentry.stop();
    await manager.next(/^STOPPING=1$/);
  });

  test("feeds its own watchdog over a reload, on an abstract socket; its processes do not know of it", async (t) => {
    const site = new Site(t);
    const socket = `@sentry-test-${process.pid}`;
    const manager = await ServiceManager.listen(t, socket);
    site.config('entry("x", "sh", ["-c", "echo \\"[$NOTIFY_SOCKET$WATCHDOG_USEC]\\"; exec sleep 1000"])');
    const sentry = site.start(["start", "sample.ts"], { env: { NOTIFY_SOCKET: socket, WATCHDOG_USEC: "100000" } });
    for (let n = 0; n < 3; n++) await manager.next(/^WATCHDOG=1$/);
    await sentry.line(/\[\]$/);
    assert.equal((await site.sentry(["reload", "sample.ts"])).code, 0);
    await manager.next(/^READY=1$/);
    for (let n = 0; n < 3; n++) await manager.next(/^WATCHDOG=1$/);
    assert.deepEqual(fieldsOf(manager.heard.find((text) => text.includes("RELOADING")) ?? "")["RELOADING"], "1");
    await sentry.stop();
  });
});
