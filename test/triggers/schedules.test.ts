/** When entries are due: by a clock that passes, stands still for Sentry, and is set. */
import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import type { Happening } from "../../src/core/command.ts";
import { timesOf } from "../../src/triggers/calendar.ts";
import { Schedules } from "../../src/triggers/schedules.ts";
import type { Scheduled, Times } from "../../src/triggers/schedules.ts";

const S = 1_000_000;
const MINUTE = 60 * S;
const HOUR = 60 * MINUTE;

type Due = Extract<Happening, { kind: "due" }>;

/** A machine on which a Sentry runs, and the state that outlives it. */
class Machine {
  readonly told: (Due & { readonly at: number })[] = [];
  readonly due = new Map<string, number | null>();
  wall: number;
  alarm: number | null = null;
  readonly #scheduled: readonly Scheduled[];
  readonly #timesOf: (cron: string, timezone: string | null) => Times;
  #schedules: Schedules | null = null;

  constructor(wall: number, scheduled: readonly Scheduled[], times: (cron: string, timezone: string | null) => Times = timesOf) {
    this.wall = wall;
    this.#scheduled = scheduled;
    this.#timesOf = times;
  }

  async begin(): Promise<this> {
    this.#schedules = new Schedules({
      clock: { now: () => ({ wall: this.wall, mono: 0 }) },
      alarm: { setAlarm: (wall) => { this.alarm = wall; } },
      due: (entry) => this.due.get(entry) ?? null,
      post: (facts) => { for (const fact of facts) this.#take(fact); },
      load: async () => ({ timesOf: this.#timesOf }),
    });
    await this.#schedules.begin(this.#scheduled);
    return this;
  }

  /** Time passes, and Sentry sees it pass. */
  run(time: number): void {
    const end = this.wall + time;
    while (this.alarm !== null && this.alarm <= end) {
      this.wall = Math.max(this.wall, this.alarm);
      this.goOff();
    }
    this.wall = end;
  }

  /** Somebody sets the clock. */
  set(by: number): void {
    this.wall += by;
    this.goOff();
  }

  goOff(): void {
    this.alarm = null;
    this.#schedules?.alarm();
  }

  /** It ends in whatever way, and another one begins. */
  async away(time: number): Promise<void> {
    this.#schedules?.close();
    assert.equal(this.alarm, null);
    this.wall += time;
    await this.begin();
  }

  ran(entry = "job"): number[] {
    return this.told.filter((one) => one.now && one.entry === entry).map(({ at }) => at);
  }

  missed(): number {
    return this.told.reduce((sum, { missed }) => sum + missed, 0);
  }

  #take(fact: Happening): void {
    assert.equal(fact.kind, "due");
    if (fact.kind !== "due") return;
    this.told.push({ ...fact, at: this.wall });
    this.due.set(fact.entry, fact.next);
  }
}

const at = (utc: string): number => Date.parse(utc) * 1000;
const shown = (wall: number | null): string => (wall === null ? "never" : new Date(wall / 1000).toISOString().replace(".000Z", "Z"));
const job = (cron: string, timezone: string | null = "UTC", entry = "job"): Scheduled => ({ entry, cron, timezone });

/** All whole multiples of a number of seconds: what croner is not needed for. */
function each(seconds: number): Times {
  const step = seconds * S;
  return { after: (time) => (Math.floor(time / step) + 1) * step, upTo: (time) => Math.floor(time / step) * step };
}

function inARow(times: Times, from: string, many: number): string[] {
  const all: string[] = [];
  for (let time = times.after(at(from)); time !== null && all.length < many; time = times.after(time)) all.push(shown(time));
  return all;
}

test("an entry is told when it is due, and then that it is", async () => {
  const machine = await new Machine(at("2026-05-01T11:58:30Z"), [job("*/5 * * * *")]).begin();
  machine.run(8 * MINUTE);
  assert.deepEqual(machine.told.map(({ now, next, missed }) => [now, shown(next), missed]), [
    [false, "2026-05-01T12:00:00Z", 0], [true, "2026-05-01T12:05:00Z", 0], [true, "2026-05-01T12:10:00Z", 0],
  ]);
  assert.deepEqual(machine.ran().map(shown), ["2026-05-01T12:00:00Z", "2026-05-01T12:05:00Z"]);
});

test("those that are due at the same moment are told together, and the alarm is for the next of all", async () => {
  const machine = await new Machine(at("2026-05-01T11:58:30Z"), [job("0 12 * * *", "UTC", "a"), job("30 * * * *", "UTC", "b"), job("*/30 * * * * *", "UTC", "c")]).begin();
  assert.equal(shown(machine.alarm), "2026-05-01T11:59:00Z");
  machine.run(90 * S);
  assert.deepEqual(machine.told.filter(({ at: when }) => shown(when) === "2026-05-01T12:00:00Z").map(({ entry, now }) => [entry, now]), [["a", true], ["c", true]]);
});

test("what is never due again is told as such, and needs no alarm", async () => {
  const machine = await new Machine(at("2026-05-01T12:00:00Z"), [job("0 0 30 2 *")]).begin();
  assert.deepEqual(machine.told.map(({ now, next, missed }) => [now, next, missed]), [[false, null, 0]]);
  assert.equal(machine.alarm, null);
});

test("a clock that is behind the alarm's by a hair does not make it go off again and again", async () => {
  const machine = await new Machine(at("2026-05-01T11:59:30Z"), [job("0 12 * * *")]).begin();
  machine.wall = at("2026-05-01T12:00:00Z") - 2000;
  machine.goOff();
  assert.equal(machine.ran().length, 1);
  assert.equal(shown(machine.alarm), "2026-05-02T12:00:00Z");
});

test("a time that comes just after the beginning is not taken for one that was before", async () => {
  const machine = await new Machine(at("2026-05-01T12:00:00Z") - 3000, [job("0 12 * * *")]).begin();
  machine.run(S);
  assert.deepEqual(machine.ran().map(shown), ["2026-05-01T12:00:00Z"]);
});

test("a time that comes while another image takes over runs then", async () => {
  const machine = await new Machine(at("2026-05-01T11:59:59Z"), [job("0 12 * * *")]).begin();
  await machine.away(3 * S);
  assert.deepEqual(machine.ran().map(shown), ["2026-05-01T12:00:02Z"]);
  assert.equal(machine.missed(), 0);
});

test("what was due while Sentry was dead was missed; only what came within the last minute runs", async () => {
  const machine = await new Machine(at("2026-05-01T11:59:59Z"), [job("0 * * * *"), job("* * * * *", "UTC", "often")]).begin();
  await machine.away(3 * HOUR + 2 * MINUTE + 31 * S);
  assert.deepEqual(machine.told.slice(2).map(({ entry, now, missed, next }) => [entry, now, missed, shown(next)]), [
    ["job", false, 4, "2026-05-01T16:00:00Z"], ["often", true, 100, "2026-05-01T15:03:00Z"],
  ], "missed ones are counted up to a hundred");
});

test("a moment that is no whole second says that all times up to it are told, and none after it", async () => {
  const machine = new Machine(at("2026-05-01T12:00:04Z"), [job("* * * * * *")]);
  machine.due.set("job", at("2026-05-01T12:00:01Z") + 1);
  await machine.begin();
  assert.deepEqual(machine.told.map(({ now, missed, next }) => [now, missed, shown(next)]), [[true, 2, "2026-05-01T12:00:05Z"]]);
});

test("a schedule that a reload has changed has missed nothing", async () => {
  const machine = new Machine(at("2026-05-01T12:00:10Z"), [job("0 18 * * *")]);
  machine.due.set("job", at("2026-05-01T12:00:00Z"));
  await machine.begin();
  assert.deepEqual(machine.told.map(({ now, missed, next }) => [now, missed, shown(next)]), [[false, 0, "2026-05-01T18:00:00Z"]]);
});

test("a time that a clock is set over was missed", async () => {
  const machine = await new Machine(at("2026-05-01T11:00:00Z"), [job("0 12 * * *")]).begin();
  machine.set(2 * HOUR);
  assert.deepEqual(machine.told.slice(1).map(({ now, missed, next }) => [now, missed, shown(next)]), [[false, 1, "2026-05-02T12:00:00Z"]]);
});

test("a clock that is put right by some seconds runs nothing twice; one that was wrong by more begins anew", async () => {
  const machine = await new Machine(at("2026-05-01T11:59:00Z"), [job("*/5 * * * *")]).begin();
  machine.run(70 * S);
  machine.set(-30 * S);
  assert.equal(shown(machine.alarm), "2026-05-01T12:05:00Z");
  machine.set(-HOUR);
  assert.equal(shown(machine.alarm), "2026-05-01T11:00:00Z");
  machine.run(HOUR + MINUTE);
  assert.equal(machine.ran().filter((when) => shown(when) === "2026-05-01T12:00:00Z").length, 2);
});

test("after close, nothing is told any more, also where it was not loaded yet", async () => {
  const machine = new Machine(at("2026-05-01T11:59:59Z"), [job("* * * * * *")]);
  const begun = machine.begin();
  const away = machine.away(0);
  await Promise.all([begun, away]);
  assert.equal(machine.told.length, 1, "the first one was closed while it loaded");
});

const passing = fc.record({ kind: fc.constant("passes" as const), seconds: fc.integer({ min: 0, max: 900 }) });
const away = fc.record({ kind: fc.constant("away" as const), seconds: fc.integer({ min: 0, max: 900 }) });
const setForward = fc.record({ kind: fc.constant("set" as const), seconds: fc.integer({ min: 0, max: 900 }) });
const goesOff = fc.record({ kind: fc.constant("set" as const), seconds: fc.constant(0) });

test("each time that comes is told once: as one that runs now, or as one that was missed", async () => {
  await fc.assert(fc.asyncProperty(
    fc.integer({ min: 10, max: 400 }), fc.integer({ min: 0, max: 100 }), fc.array(fc.oneof(passing, away, setForward, goesOff), { maxLength: 20 }),
    async (step, offset, actions) => {
      const begin = at("2026-05-01T00:00:00.500Z") + offset * S; // never where two clocks that differ by a hair matter
      const times = each(step);
      const machine = await new Machine(begin, [job("")], () => times).begin();
      for (const { kind, seconds } of actions) {
        if (kind === "passes") machine.run(seconds * S);
        else if (kind === "away") await machine.away(seconds * S);
        else machine.set(seconds * S);
        assert.equal(machine.due.get("job"), times.after(machine.wall), "the next one is known");
        assert.equal(machine.alarm, machine.due.get("job"), "and the alarm is set for it");
      }
      const ran = machine.ran().map((when) => times.upTo(when) as number);
      for (const [n, when] of machine.ran().entries()) assert.ok(when - (ran[n] as number) <= MINUTE, "none runs late");
      assert.equal(new Set(ran).size, ran.length, "none runs twice");
      const came = ((times.upTo(machine.wall) as number) - (times.upTo(begin) as number)) / (step * S);
      assert.equal(ran.length + machine.missed(), came);
      if (actions.every(({ kind }) => kind === "passes")) assert.equal(machine.missed(), 0, "none is missed where somebody looks");
    },
  ));
});

test("a clock that is put right again and again makes nothing run twice", async () => {
  await fc.assert(fc.asyncProperty(
    fc.integer({ min: 1, max: 400 }), fc.array(fc.integer({ min: 0, max: 59 }), { maxLength: 20 }),
    async (step, backs) => {
      const times = each(step);
      const machine = await new Machine(at("2026-05-01T00:00:00Z") + 1, [job("")], () => times).begin();
      for (const back of backs) {
        machine.run(100 * S);
        machine.set(-back * S);
      }
      const ran = machine.ran().map((when) => times.upTo(when));
      assert.equal(new Set(ran).size, ran.length);
      assert.equal(machine.missed(), 0);
    },
  ));
});

test("on the day on which clocks go forward, a time of the day that does not exist runs at the jump, and an interval leaves it out", () => {
  const berlin = (cron: string): string[] => inARow(timesOf(cron, "Europe/Berlin"), "2026-03-29T00:10:00Z", 3);
  assert.deepEqual(berlin("30 2 * * *"), ["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z", "2026-03-31T00:30:00Z"]);
  assert.deepEqual(berlin("*/30 * * * *"), ["2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z"]);
  assert.deepEqual(berlin("30 2,3 * * *"), ["2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z", "2026-03-30T01:30:00Z"]);
});

test("on the day on which clocks go back, a time of the day that comes twice runs once, and an interval runs in each hour", () => {
  const berlin = (cron: string): string[] => inARow(timesOf(cron, "Europe/Berlin"), "2026-10-24T23:40:00Z", 3);
  assert.deepEqual(berlin("30 2 * * *"), ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z", "2026-10-27T01:30:00Z"]);
  assert.deepEqual(berlin("30 * * * *"), ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-25T02:30:00Z"]);
});

test("over a whole day on which clocks go back, Sentry runs each time once", async () => {
  const machine = await new Machine(at("2026-10-24T22:00:01Z"), [job("30 2 * * *", "Europe/Berlin"), job("0 * * * *", "Europe/Berlin", "hourly")]).begin();
  machine.run(24 * HOUR);
  assert.deepEqual(machine.ran().map(shown), ["2026-10-25T00:30:00Z"]);
  assert.equal(machine.ran("hourly").length, 24);
  assert.equal(machine.missed(), 0);
});

test("the last time up to a moment includes the moment itself", () => {
  const times = timesOf("0 12 * * *", "UTC");
  const noon = at("2026-05-01T12:00:00Z");
  assert.equal(shown(times.upTo(noon)), "2026-05-01T12:00:00Z");
  assert.equal(shown(times.upTo(noon - 1)), "2026-04-30T12:00:00Z");
  assert.equal(shown(times.after(noon)), "2026-05-02T12:00:00Z");
  assert.equal(shown(times.after(noon - 1)), "2026-05-01T12:00:00Z");
});

test("what is no schedule, or in no time zone, is thrown", () => {
  for (const wrong of ["", "61 * * * *", "* * * *", "0 0 1 1 * 2020", "0 0 0 1 1 * 2020"]) assert.throws(() => timesOf(wrong, null), /./, wrong);
  assert.throws(() => timesOf("* * * * *", "Europe/Atlantis").after(0));
});
