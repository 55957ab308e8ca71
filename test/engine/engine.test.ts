import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { test } from "node:test";

import type { Happening } from "../../src/core/command.ts";
import type { HistoryRecord } from "../../src/core/record.ts";
import type { State } from "../../src/core/state.ts";
import type { Exit, RunId } from "../../src/core/types.ts";
import { Engine } from "../../src/engine/engine.ts";
import type { Ports } from "../../src/engine/ports.ts";
import { Agenda } from "../support/agenda.ts";
import { identityOf } from "../support/kernel.ts";
import { law, someone } from "../support/world.ts";

const clock = new Agenda();
const none = () => {};

/** Ports that do nothing, but for those that are given. */
function ports(differs: Partial<{ [Port in keyof Ports]: Partial<Ports[Port]> }>): Ports {
  const bug = (error: unknown) => { throw error; };
  return {
    clock, leave: none,
    timers: { set: none, cancel: none, ...differs.timers },
    kernel: { spawn: none, signal: none, end: none, inspect: none, follow: none, reap: none, ...differs.kernel },
    probes: { probe: none, unprobe: none, ...differs.probes },
    journal: { record: none, bug, ...differs.journal },
  };
}

function spawned(run: RunId): Happening {
  return { kind: "spawned", run, pid: run, at: clock.now(), identity: identityOf(run) };
}

function exitOf(pid: number): Exit {
  const at = clock.now();
  return {
    pid, code: 0, signal: null, coreDumped: false, at, kernelTime: false, userMs: 0, systemMs: 0, maxRssBytes: null,
  };
}

test("what a port says while an effect is performed waits until the effects of this command are done", () => {
  const order: string[] = [];
  const engine: Engine = new Engine(ports({
    kernel: {
      spawn: (run) => {
        order.push(`spawn ${run}`);
        engine.post([spawned(run)]);
      },
    },
    journal: { record: (record) => order.push(record.type) },
  }));
  engine.post([{ kind: "start", laws: [law("web", { count: 2 })], exitWhen: null }]);
  assert.deepEqual(order, ["spawn 1", "spawn 2", "started", "started"]);
});

test("an entry whose process ends at once, for ever, leaves time for timers and sockets", async () => {
  let starts = 0;
  let over = false;
  const engine: Engine = new Engine(ports({
    kernel: {
      spawn: (run) => {
        starts++;
        if (over) return;
        engine.post([spawned(run), { kind: "exited", run, exit: exitOf(run), alone: true }]);
      },
    },
  }));
  engine.post([{ kind: "start", laws: [law("restless", { delay: 0 })], exitWhen: null }]);
  await new Promise((resolve) => setTimeout(resolve, 1));
  const server = createServer((socket) => socket.end("here")).listen(0, "127.0.0.1");
  await once(server, "listening");
  const [answer] = await once(connect((server.address() as AddressInfo).port), "data") as [Buffer];
  over = true;
  server.close();
  assert.equal(String(answer), "here");
  assert(starts > 256, `it was started ${starts} times`);
});

test("a batch of facts is taken up whole, in order", async () => {
  const records: HistoryRecord[] = [];
  const runs: RunId[] = [];
  const engine = new Engine(ports({
    kernel: { spawn: (run) => { runs.push(run); } },
    journal: { record: (record) => { records.push(record); } },
  }));
  engine.post([{ kind: "start", laws: [law("web", { count: 1000 })], exitWhen: null }]);
  engine.post(runs.map(spawned));
  engine.post(runs.map((run) => ({ kind: "exited", run, exit: exitOf(run), alone: true })));
  await engine.ask({ kind: "scale", entry: "web", count: 1000, by: null }); // comes after them
  const exits = records.filter(({ type }) => type === "exited");
  assert.deepEqual(exits.map(({ pid }) => pid), runs);
});

test("a thousand requests may wait, the next one is refused; facts are never", async () => {
  const engine = new Engine(ports({}));
  // More facts than are taken up in a row, so that requests pile up behind them.
  engine.post(Array.from({ length: 5000 }, (_, token) => ({ kind: "timeUp", token })));
  const asked = Array.from({ length: 1001 }, () => engine.ask({ kind: "up", slot: "web:0", by: someone }));
  engine.post([{ kind: "start", laws: [law("web")], exitWhen: null }]);
  assert.deepEqual(await asked[1000], { kind: "refused", why: "busy" });
  for (const outcome of await Promise.all(asked.slice(0, 1000))) {
    assert.deepEqual(outcome, { kind: "refused", why: "noSuchSlot" });
  }
  assert.equal(engine.state.slots.size, 1);
  assert.deepEqual(await engine.ask({ kind: "up", slot: "web:0", by: someone }), { kind: "accepted" });
});

test("a bug in the law is told, the old state stands, and the loop goes on", async () => {
  const bugs: string[] = [];
  const engine = new Engine(ports({ journal: { bug: (_error, what) => { bugs.push(what); } } }));
  engine.post([{ kind: "start", laws: [law("web")], exitWhen: null }]);
  engine.post([{ kind: "exited", run: 1, exit: exitOf(1), alone: true }]); // before it was spawned
  assert.deepEqual(bugs, ["exited was to be decided"]);
  assert.equal(engine.state.slots.get("web:0")?.phase.kind, "starting");
  engine.post([spawned(1)]);
  assert.equal(engine.state.slots.get("web:0")?.phase.kind, "running");
});

test("whoever asks for what the law has a bug in is told so, and not kept waiting", async () => {
  const engine = new Engine(ports({ journal: { bug: none } }));
  const torn = { ...law("web"), get grace(): number { throw new Error("torn"); } };
  engine.post([{ kind: "start", laws: [torn], exitWhen: null }]);
  await assert.rejects(engine.ask({ kind: "down", slot: "web:0", by: null }), /torn/);
});

test("a port that throws is told, and what is left to do is done", () => {
  const bugs: string[] = [];
  const reaped: RunId[] = [];
  const engine = new Engine(ports({
    kernel: { reap: (run) => { reaped.push(run); } },
    journal: {
      record: () => { throw new Error("disk full"); },
      bug: (_error, what) => { bugs.push(what); },
    },
  }));
  engine.post([{ kind: "start", laws: [law("web")], exitWhen: null }]);
  engine.post([spawned(1), { kind: "exited", run: 1, exit: exitOf(1), alone: true }]);
  assert.deepEqual(reaped, [1]);
  assert(bugs.every((what) => what === "record was to be done"));
  assert.equal(engine.state.slots.get("web:0")?.phase.kind, "waiting");
});

test("a start that its port throws at is a fault like any other", () => {
  const records: HistoryRecord[] = [];
  const engine = new Engine(ports({
    kernel: { spawn: () => { throw new Error("no such program"); } },
    journal: { record: (record) => { records.push(record); }, bug: none },
  }));
  engine.post([{ kind: "start", laws: [law("web")], exitWhen: null }]);
  assert.deepEqual(records.map(({ type }) => type), ["fault", "waiting"]);
  assert.equal(engine.state.slots.get("web:0")?.phase.kind, "waiting");
});

test("a journal that cannot even tell a bug does not stop the loop", () => {
  const fails = () => { throw new Error("gone"); };
  const engine = new Engine(ports({ journal: { record: fails, bug: fails } }));
  engine.post([{ kind: "start", laws: [law("web")], exitWhen: null }]);
  engine.post([spawned(1)]);
  assert.equal(engine.state.slots.get("web:0")?.phase.kind, "running");
});

test("after a pause nothing is obeyed: facts are kept for another image, in order, and requests are refused", async () => {
  const spawns: RunId[] = [];
  const engine = new Engine(ports({ kernel: { spawn: (run) => { spawns.push(run); } } }));
  // More than are taken up in a row, so that the rest still waits.
  engine.post(Array.from({ length: 300 }, (_, token) => ({ kind: "timeUp", token })));
  const asked = engine.ask({ kind: "scale", entry: "web", count: 2, by: someone });
  const stop = { kind: "stop", hurry: true, by: someone, reply: null } as const;
  engine.post([stop]);
  const left = engine.pause();
  assert.deepEqual(await asked, { kind: "refused", why: "reloading" });
  assert.deepEqual(await engine.ask({ kind: "stop", hurry: false, by: null }), { kind: "refused", why: "reloading" });
  engine.post([{ kind: "start", laws: [law("web")], exitWhen: null }]);
  await new Promise(setImmediate);
  assert.equal(left.length, 300 - 256 + 2);
  assert.deepEqual(left.slice(-2).map(({ kind }) => kind), ["stop", "start"]);
  assert.equal(engine.pause(), left);
  assert.deepEqual([engine.state.course, engine.state.slots.size, spawns.length], ["keeping", 0, 0]);
});

test("a pause takes the timers away: whoever goes on sets them again", () => {
  const set = new Set<number>();
  const timers = { set: (token: number) => { set.add(token); }, cancel: (token: number) => { set.delete(token); } };
  const engine = new Engine(ports({ timers }));
  engine.post([{ kind: "start", laws: [law("web")], exitWhen: null }, spawned(1), { kind: "exited", run: 1, exit: exitOf(1), alone: true }]);
  const before = [...set];
  assert.equal(before.length, 1);
  engine.pause();
  assert.equal(set.size, 0);
  const next = new Engine(ports({ timers }), engine.state as State);
  next.post([{ kind: "resume", tookOver: null }]);
  assert.deepEqual([...set], before);
});

test("what is left of an effect that pauses the engine is done, and what comes of it is kept", () => {
  const engine: Engine = new Engine(ports({
    kernel: { spawn: () => { engine.pause(); throw new Error("no such program"); } },
    journal: { bug: none },
  }));
  engine.post([{ kind: "start", laws: [law("web", { count: 2 })], exitWhen: null }]);
  assert.deepEqual(engine.pause().map(({ kind }) => kind), ["fault", "fault"]);
});

test("what an earlier image has left begins nothing before it is told to go on", () => {
  const effects: string[] = [];
  const first = new Engine(ports({}));
  first.post([{ kind: "start", laws: [law("web", { delay: 0 })], exitWhen: null }, spawned(1)]);
  const next = new Engine(ports({
    kernel: { spawn: (run) => { effects.push(`spawn ${run}`); }, reap: (run) => { effects.push(`reap ${run}`); } },
  }), first.state as State);
  next.post([{ kind: "exited", run: 1, exit: exitOf(1), alone: true }]);
  assert.deepEqual(effects, ["reap 1"]);
  next.post([{ kind: "resume", tookOver: null }, { kind: "resume", tookOver: null }]);
  assert.deepEqual(effects, ["reap 1", "spawn 3"]);
});

test("the revision grows with every command, and with nothing else", async () => {
  const engine = new Engine(ports({}));
  const before = engine.revision;
  engine.post([{ kind: "start", laws: [law("web")], exitWhen: null }, spawned(1)]);
  assert.equal(engine.revision, before + 2);
  await engine.ask({ kind: "down", slot: "web:0", by: someone });
  assert.equal(engine.revision, before + 3);
  assert.equal(engine.revision, before + 3);
});
