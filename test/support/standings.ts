/**
 * The part of the Witness that is about entries and how they stand to each other: what is opened when, what the whole stop
 * still holds, and whether it is time to leave. It looks at all slots each time.
 */
import assert from "node:assert/strict";

import type { State } from "../../src/core/state.ts";
import type { After, ExitWhen, Millis, RunId, SlotId } from "../../src/core/types.ts";
import { slotId } from "../../src/core/types.ts";
import { entryOf } from "./rolls.ts";
import type { Run } from "./rolls.ts";
import type { Wishes } from "./wishes.ts";

type Standing = "absent" | "started" | "ready" | "finished" | "failed" | "blocked" | "scheduled";

const ENOUGH: Record<After["on"], readonly Standing[]> = {
  started: ["started", "ready", "finished", "scheduled"], ready: ["ready", "finished", "scheduled"], finished: ["finished"],
};

export class Standings {
  readonly #wishes: Wishes;
  readonly #runs: ReadonlyMap<RunId, Run>;
  #opened = new Map<string, boolean>();

  constructor(wishes: Wishes, runs: ReadonlyMap<RunId, Run>) {
    this.#wishes = wishes;
    this.#runs = runs;
  }

  /** An entry is opened when all that it comes after is there, at once, and only then; and it is closed by a reload alone. */
  check(state: Readonly<State>, isReload: boolean, now: Millis): void {
    for (const [name, { opened, law }] of state.entries) {
      const was = this.#opened.get(name) ?? false;
      const isFree = law.after.every((after) => this.#isMet(after));
      assert(!opened || was || isFree, `${name} is opened, and what it comes after is not there`);
      assert(opened || isReload || !was, `${name} is closed again`);
      const isKept = state.course === "keeping" && !state.asleep;
      assert(opened || !isFree || !isKept, `${name} stays closed, and all that it comes after is there`);
      // What is opened while the state is asleep begins with the resume.
      if (opened && state.asleep) this.#wishes.open(name, now);
      for (const slot of this.#wishes.blocked) assert(entryOf(slot) !== name || !opened, `${slot} is blocked, and nothing holds it up`);
      for (const { slot, told } of this.#runs.values()) {
        assert(entryOf(slot) !== name || opened || told !== "nothing", `${slot} is there before what it comes after`);
      }
    }
    this.#opened = new Map([...state.entries].map(([name, { opened }]) => [name, opened]));
  }

  /** Something that comes after that entry lives, directly or not. */
  isHeld(name: string, followers: State["followers"]): boolean {
    const alive = new Set([...this.#runs.values()].map(({ slot }) => entryOf(slot)));
    const seen = new Set<string>();
    const look = (one: string): boolean => (followers.get(one) ?? []).some((next) => {
      if (seen.has(next)) return false;
      seen.add(next);
      return alive.has(next) || look(next);
    });
    return look(name);
  }

  /** Whether it is time to leave. */
  isDecided(exitWhen: ExitWhen): boolean {
    const all = [...this.#wishes.counts].flatMap(([name, count]) => this.#of(name, count));
    const over = all.filter((standing) => standing === "finished" || standing === "failed").length;
    if (exitWhen === null || over === 0) return false;
    return exitWhen === "any" || all.every((standing) => standing === "finished" || standing === "failed" || standing === "blocked");
  }

  #isMet({ entry, on }: After): boolean {
    return this.#of(entry, this.#wishes.counts.get(entry) ?? 0).every((standing) => ENOUGH[on].includes(standing));
  }

  #of(name: string, count: number): Standing[] {
    const slots = Array.from({ length: count }, (_, number) => slotId(name, number));
    return slots.filter((slot) => this.#wishes.wanted.has(slot)).map((slot) => this.#standing(slot));
  }

  #standing(slot: SlotId): Standing {
    const run = [...this.#runs.values()].find((one) => one.slot === slot);
    if (run === undefined) return this.#wishes.rested(slot) ?? "absent";
    if (run.startedAt === null || run.told !== "nothing" || run.ended !== null) return "absent";
    if (run.searching) return run.wasReady && !run.daemonic ? "ready" : "started";
    return run.readyBy === null ? "ready" : "started";
  }
}
