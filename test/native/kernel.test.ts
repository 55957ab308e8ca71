import assert from "node:assert/strict";
import { test } from "node:test";

import type { Happening } from "../../src/core/command.ts";
import type { Fault } from "../../src/core/types.ts";
import type { Addon, SpawnRequest } from "../../src/native/addon.ts";
import { happeningOf, NativeKernel } from "../../src/native/kernel.ts";
import { Agenda } from "../support/agenda.ts";

const at = { wall: 1_334_000_000_000_000, mono: 5000 };
const missing: Fault = { step: "env", errno: "ENOENT", message: "no such file or directory", subject: "/srv/env" };

/** A kernel port over an addon that only notes what it is asked for; `ready` answers the one preparation. */
function kernel() {
  const spawned: number[] = [];
  const posted: Happening[] = [];
  let ready: (prepared: SpawnRequest | Fault) => void = () => {};
  const promise = new Promise<SpawnRequest | Fault>((resolve) => { ready = resolve; });
  const addon = { spawn: ({ run }: SpawnRequest) => { spawned.push(run); }, signal: () => {} } as unknown as Addon;
  const port = new NativeKernel(addon, new Agenda(), () => promise, (facts) => { posted.push(...facts); });
  return { port, spawned, posted, ready };
}

const request = { run: 7, argv: ["sleep", "4"] } as unknown as SpawnRequest;

test("a start is the addon's once it is prepared; a preparation that fails is a fault", async () => {
  const good = kernel();
  good.port.spawn(7, "web", 0);
  good.ready(request);
  const bad = kernel();
  bad.port.spawn(7, "web", 0);
  bad.ready(missing);
  await new Promise(setImmediate);
  assert.deepEqual([good.spawned, good.posted], [[7], []]);
  assert.deepEqual([bad.spawned, bad.posted.map(({ kind }) => kind)], [[], ["fault"]]);
});

test("a start that is signalled before it is prepared is called off", async () => {
  const { port, spawned, posted, ready } = kernel();
  port.spawn(7, "web", 0);
  port.signal(7, "SIGTERM", "group");
  assert.equal(posted.length, 0, "not from within the call");
  ready(request);
  await new Promise(setImmediate);
  assert.deepEqual([spawned, posted.map((fact) => fact.kind === "fault" && fact.fault.errno)], [[], ["ECANCELED"]]);
});

test("what is still being prepared when the image ends never starts: its successor asks for it by another number", async () => {
  const { port, spawned, posted, ready } = kernel();
  port.spawn(7, "web", 0);
  port.letGo();
  ready(request);
  await new Promise(setImmediate);
  assert.deepEqual([spawned, posted], [[], []]);
});

test("a process is known by when the kernel started it, and by its pipes", () => {
  const fact = { kind: "spawned", run: 7, pid: 1514, startTicks: 1234, outPipe: 20, errPipe: 21, at } as const;
  const identity = { startTicks: 1234, pipes: [20, 21] };
  assert.deepEqual(happeningOf(fact), { kind: "spawned", run: 7, pid: 1514, at, identity });
});

test("what is no affair of a process is no happening of the law", () => {
  for (const fact of [{ kind: "quiet" }, { kind: "keeperGone" }, { kind: "flushed", token: 1 }] as const) {
    assert.equal(happeningOf(fact), null);
  }
});
