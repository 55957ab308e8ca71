import assert from "node:assert/strict";
import { test } from "node:test";

import type { SlotId } from "../../src/core/types.ts";
import { Usage } from "../../src/http/usage.ts";
import type { Consumption, Root, View } from "../../src/http/view.ts";
import { law, World } from "../support/world.ts";

/** An engine in virtual time with two processes, and what a sweep would find of each slot. */
function used(count = 2) {
  const world = new World([law("web", { count })]).start();
  const bugs: unknown[] = [];
  const swept: (readonly Root[])[] = [];
  const machine = {
    /** How it answers. */
    find: async (roots: readonly Root[]): Promise<(Consumption | null)[]> =>
      roots.map(() => ({ cpu: 0, memoryBytes: 4096 })),
  };
  const view: Pick<View, "engine" | "clock" | "sweep" | "bug"> = {
    engine: world.engine,
    clock: world.agenda,
    sweep: (roots) => { swept.push(roots); return machine.find(roots); },
    bug: (error) => { bugs.push(error); },
  };
  const usage = new Usage(view as View, async (time) => { world.pass(time); });
  const finds = (cpu: number, memoryBytes = 4096) => {
    machine.find = async (roots) => roots.map(() => ({ cpu, memoryBytes }));
  };
  const percent = async (id: SlotId) => (await usage.read()).get(id)?.cpuPercent;
  const shown = async () => [...await usage.readings()].map(([, reading]) => reading.used.cpuPercent);
  return { world, usage, machine, finds, percent, shown, swept, bugs };
}

test("a process is looked at by its pid and its start time, and told of by its slot", async () => {
  const { world, usage, swept, finds } = used();
  world.pass(2000);
  finds(500, 8192);
  const one = { cpuPercent: 25, memoryBytes: 8192, cpu: 500 };
  assert.deepEqual([...await usage.read()], [["web:0", one], ["web:1", one]]);
  const roots = [...world.engine.state.slots.values()].map(({ phase }) =>
    phase.kind === "running" && { pid: phase.started.pid, startTicks: phase.started.identity.startTicks });
  assert.deepEqual(swept, [roots]);
});

test("there is at most one sweep a second, and none while nobody asks", async () => {
  const { world, usage, swept } = used();
  await usage.read();
  world.pass(999);
  await Promise.all([usage.read(), usage.read()]);
  assert.equal(swept.length, 1);
  world.pass(1);
  await usage.read();
  world.pass(3_600_000);
  assert.equal(swept.length, 2);
  await usage.read();
  assert.equal(swept.length, 3);
});

test("the readings are the same map for as long as they are fresh", async () => {
  const { world, usage } = used();
  const readings = await usage.readings();
  assert.equal(readings.size, 2);
  world.pass(999);
  assert.equal(await usage.readings(), readings);
  world.pass(1);
  assert.notEqual(await usage.readings(), readings);
});

test("all who ask while a sweep is under way wait for that one, however long it takes", async () => {
  const { world, usage, machine, swept } = used();
  let answer: (found: Consumption[]) => void = () => {};
  machine.find = () => new Promise((resolve) => { answer = resolve; });
  const first = usage.read();
  world.pass(5000);
  const second = usage.read();
  assert.equal(swept.length, 1);
  answer([{ cpu: 0, memoryBytes: 1 }, { cpu: 0, memoryBytes: 2 }]);
  assert.deepEqual(await first, await second);
  assert.equal((await second).get("web:1")?.memoryBytes, 2);
});

test("CPU time is that since the sweep before, and since the start where there was none", async () => {
  const { world, percent, finds } = used(1);
  world.pass(10_000);
  finds(1000);
  assert.equal(await percent("web:0"), 10);
  world.pass(2000);
  finds(4000);
  assert.equal(await percent("web:0"), 150);
  world.pass(3000);
  finds(4001);
  assert.equal(await percent("web:0"), 0); // 0.03, to one digit
  world.pass(1500);
  finds(4006);
  assert.equal(await percent("web:0"), 0.3);
});

test("where nobody has looked for long, what is shown is what is used now", async () => {
  const { world, machine, shown, swept } = used(1);
  let cpu = 0;
  machine.find = async () => [{ cpu, memoryBytes: 4096 }];
  const spend = (time: number) => {
    world.pass(time);
    cpu += time / 2;
  };
  spend(60_000);
  assert.deepEqual([await shown(), swept.length], [[50], 1], "since its start");
  world.pass(3_600_000); // idle, and so in the 200 ms after that
  cpu += 1_000_000;
  assert.deepEqual([await shown(), swept.length], [[0], 3]);
  spend(10_000);
  assert.deepEqual([await shown(), swept.length], [[50], 4]);
});

test("who shows nothing of it does not wait for that", async () => {
  const { world, usage, swept } = used(1);
  await usage.read();
  world.pass(60_000);
  await usage.read();
  assert.equal(swept.length, 2);
});

test("CPU time that is lost with an orphan makes nothing negative, and the sum does not fall", async () => {
  const { world, usage, finds } = used(1);
  world.pass(1000);
  finds(900);
  await usage.read();
  world.pass(1000);
  finds(200);
  assert.deepEqual((await usage.read()).get("web:0"), { cpuPercent: 0, memoryBytes: 4096, cpu: 900 });
  world.pass(1000);
  finds(300);
  assert.deepEqual((await usage.read()).get("web:0"), { cpuPercent: 10, memoryBytes: 4096, cpu: 1000 });
});

test("a process in the moment of its start has used nothing", async () => {
  const { percent, finds } = used(1);
  finds(10);
  assert.equal(await percent("web:0"), 0);
});

test("the successor of a process has nothing of what that one used", async () => {
  const { world, usage, finds, percent } = used(1);
  world.pass(1000);
  finds(1000, 2 ** 30);
  assert.equal(await percent("web:0"), 100);
  world.end("web:0");
  assert.equal((await usage.read()).size, 0);
  world.pass(1000);
  finds(20);
  world.pass(500);
  assert.deepEqual((await usage.read()).get("web:0"), { cpuPercent: 4, memoryBytes: 4096, cpu: 20 });
});

test("the process that a daemon has left has nothing of what the first one used", async () => {
  const { world, usage, finds } = used(1);
  world.pass(1000);
  finds(1000);
  await usage.read();
  const slot = world.slot("web:0");
  assert(slot.phase.kind === "running");
  const started = { ...slot.phase.started, pid: 4711, at: world.agenda.now() };
  world.engine.state.slots.set("web:0", { ...slot, phase: { ...slot.phase, started } });
  finds(2000);
  world.pass(10_000);
  assert.deepEqual((await usage.read()).get("web:0"), { cpuPercent: 20, memoryBytes: 4096, cpu: 2000 });
});

test("of a process that is younger than the last sweep nothing is known yet", async () => {
  const { world, usage, swept } = used(1);
  await usage.read();
  world.pass(500);
  void world.scale("web", 2);
  world.pass(0);
  assert.deepEqual((await usage.read()).get("web:1"), { cpuPercent: null, memoryBytes: null, cpu: null });
  assert.equal(swept.length, 1);
});

test("a process that the sweep does not find is not known", async () => {
  const { usage, machine } = used();
  machine.find = async () => [null, { cpu: 0, memoryBytes: 1 }];
  const found = await usage.read();
  assert.deepEqual([found.get("web:0")?.memoryBytes, found.get("web:1")?.memoryBytes], [null, 1]);
});

test("a sweep that fails is told once, gives nothing, and is tried again after a second", async () => {
  const { world, usage, machine, finds, swept, bugs } = used(1);
  world.pass(1000);
  finds(100);
  await usage.read();
  const refused = new Error("/proc: opendir: EMFILE (too many open files)");
  machine.find = async () => { throw refused; };
  for (let second = 0; second < 3; second++) {
    world.pass(1000);
    assert.deepEqual((await usage.read()).get("web:0"), { cpuPercent: null, memoryBytes: null, cpu: null });
  }
  assert.equal((await usage.read()).get("web:0")?.memoryBytes, null);
  assert.equal(swept.length, 4);
  assert.deepEqual(bugs, [refused]);
  world.pass(1000);
  finds(500);
  assert.deepEqual((await usage.read()).get("web:0"), { cpuPercent: 10, memoryBytes: 4096, cpu: 500 });
});

test("where no process is there, nothing is looked at", async () => {
  const { usage, swept } = used(0);
  assert.equal((await usage.read()).size, 0);
  assert.equal(swept.length, 0);
});
