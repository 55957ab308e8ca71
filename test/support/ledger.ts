/**
 * What a successor can know from the records alone. After each step it must know all that the state knows of who is
 * wanted, who is there and what is due: then a killed Sentry has lost nothing but the record that it was writing.
 */
import assert from "node:assert/strict";

import type { Command } from "../../src/core/command.ts";
import type { Effect } from "../../src/core/effect.ts";
import type { HistoryRecord, SlotRecord } from "../../src/core/record.ts";
import type { Slot, State } from "../../src/core/state.ts";
import type { Millis, RunId, SlotId } from "../../src/core/types.ts";
import { slotId } from "../../src/core/types.ts";

interface Known {
  wanted: boolean;
  is: "at rest" | "finished" | "failed" | "blocked" | "scheduled" | "running" | "stopping" | "clearing" | "waiting";
  run: RunId | null;
  until: Millis | null;
}

export class Ledger {
  readonly #counts = new Map<string, number>();
  readonly #slots = new Map<SlotId, Known>();

  see(command: Command, effects: readonly Effect[], state: Readonly<State>): void {
    if (command.kind === "start") for (const { name, count } of command.laws) this.#recount(name, count);
    for (const effect of effects) if (effect.kind === "record") this.#read(effect.record);
    if (!state.asleep) for (const slot of state.slots.values()) this.#compare(slot);
  }

  #read(record: HistoryRecord): void {
    switch (record.type) {
      case "added": case "scaled": return this.#recount(record.entry, record.count);
      case "removed": return this.#recount(record.entry, 0);
      case "reloaded": case "tookOver": case "lost": return;
      case "stopped": case "fault": if (record.slot !== null) this.#readOf(record); return;
      case "started": case "ready": case "exited": case "stopping": case "waiting": case "finished": case "failed": case "signalled": case "blocked":
      case "unhealthy":
        return this.#readOf(record);
    }
  }

  #readOf(record: SlotRecord): void {
    const slot = this.#of(slotId(record.entry, record.slot));
    switch (record.type) {
      case "started":
        slot.is = slot.is === "stopping" ? "stopping" : "running";
        slot.run = record.run;
        return;
      case "exited":
        assert.equal(record.run, slot.run, "an exit without a start");
        slot.is = record.leftovers ? "clearing" : "at rest";
        if (!record.leftovers) slot.run = null;
        return;
      case "blocked":
        assert.equal(slot.is === "running" || slot.is === "stopping", false, `blocked, and it was ${slot.is}`);
        Object.assign(slot, { wanted: true, is: "blocked", run: null });
        return;
      case "unhealthy": case "ready": return assert.deepEqual([slot.is, slot.run], ["running", record.run]);
      case "fault":
        if (record.run !== null) slot.is = "at rest";
        return;
      case "waiting":
        slot.wanted = true;
        if (record.cause === "schedule") {
          Object.assign(slot, { is: "scheduled", run: null });
          return;
        }
        // Somebody has asked for it; what is being ended is brought to its end first.
        if (record.by !== null && (slot.is === "stopping" || slot.is === "clearing")) return;
        slot.run = null;
        slot.is = "waiting";
        slot.until = record.until;
        return;
      case "stopping":
        slot.wanted = record.wanted;
        // Once more, for what is being ended already; of another run it is a start that was never answered.
        if (slot.is !== "clearing" || slot.run !== record.run) slot.is = "stopping";
        slot.until = record.until;
        return;
      case "stopped":
        slot.wanted = record.wanted;
        slot.is = "at rest";
        slot.run = null;
        return;
      case "finished": case "failed":
        assert(slot.is === "at rest" || slot.is === "clearing", `${record.type}, and it was ${slot.is}`);
        slot.is = record.type;
        slot.run = null;
        return;
      case "signalled": return assert.notEqual(slot.run, null, "a signal to nobody");
    }
  }

  #recount(name: string, count: number): void {
    const before = this.#counts.get(name) ?? 0;
    this.#counts.set(name, count);
    for (let n = before; n < count; n++) this.#of(slotId(name, n)).wanted = true;
    for (let n = count; n < before; n++) this.#of(slotId(name, n)).wanted = false;
  }

  #of(id: SlotId): Known {
    const known = this.#slots.get(id) ?? { wanted: true, is: "at rest", run: null, until: null };
    this.#slots.set(id, known);
    return known;
  }

  #compare({ entry, number, wanted, phase }: Slot): void {
    const id = slotId(entry, number);
    const known = this.#of(id);
    // Above the count nothing is wanted of a successor: the extra slot of a rolling restart ends with who began that.
    const isWithin = number < (this.#counts.get(entry) ?? 0);
    if (isWithin) assert.equal(known.wanted, wanted, `the records do not say whether ${id} is wanted`);
    switch (phase.kind) {
      case "following": case "settling": case "readying": case "running":
        return assert.deepEqual([known.is, known.run], ["running", phase.run], id);
      case "waiting": return assert.deepEqual([known.is, known.until], ["waiting", phase.restart.at], id);
      case "stopping": case "clearing":
        assert.equal(known.is, phase.kind, id);
        if (phase.grace !== null) assert.equal(known.until, phase.grace.at, id);
        return;
      // That a start is under way is told by nothing. Its answer will be, or nobody gives one.
      case "starting":
        return assert(["at rest", "waiting", "clearing", "blocked", "scheduled", "finished", "failed"].includes(known.is),
          `${id} is starting, and was ${known.is}`);
      case "finished": case "failed": case "blocked": case "scheduled": return assert.equal(known.is, phase.kind, id);
      case "stopped": return assert.equal(known.is, "at rest", id);
    }
  }
}
