/**
 * The whole law: `step(state, command, now)` says what follows from what, and touches nothing but the state. Same
 * state, same command, same result. It has no clock (`now` comes in), no process and no timer (they go out as effects),
 * so a simulation can run years of it in seconds.
 *
 * A command about a process carries its run, a timer its token. What is no longer known by that number is stale, and
 * is dropped here, before any phase sees it.
 */
import type { Answer, Command, Refusal, ReplyTo } from "./command.ts";
import { Draft } from "./draft.ts";
import type { Effect } from "./effect.ts";
import { turn } from "./phases.ts";
import type { Event } from "./phases.ts";
import type { Entry, Slot, State } from "./state.ts";
import { slotId } from "./types.ts";
import type { By, Law, SlotId, Stamp } from "./types.ts";

/** Changes `state`, all at once or (where it throws: a bug) not at all, and returns what is to be done, in order. */
export function step(state: State, command: Command, now: Stamp): Effect[] {
  const draft = new Draft(state, now);
  obey(draft, command);
  if (draft.course === "leaving" && draft.live === 0) {
    draft.course = "left";
    draft.emit({ kind: "leave" });
  }
  draft.commit();
  return draft.effects;
}

function obey(draft: Draft, command: Command): void {
  switch (command.kind) {
    case "start": return start(draft, command.laws);
    case "spawned": case "fault": case "exited": return happen(draft, draft.runs.get(command.run), command);
    case "timeUp": return happen(draft, draft.timers.get(command.token), command);
    case "up": return answer(draft, command.reply, wish(draft, command.slot, true, command.by));
    case "down": return answer(draft, command.reply, wish(draft, command.slot, false, command.by));
    case "scale": return answer(draft, command.reply, scale(draft, command.entry, command.count, command.by));
    case "stop":
      leave(draft, command.hurry, command.by);
      return answer(draft, command.reply, null);
  }
}

function start(draft: Draft, laws: readonly Law[]): void {
  if (draft.course !== "keeping") return; // stopped before it began
  for (const law of laws) {
    draft.entries.set(law.name, { law, count: law.count });
    addSlots(draft, law.name, 0, law.count, null);
  }
}

function wish(draft: Draft, id: SlotId, wanted: boolean, by: By): Refusal | null {
  if (draft.course !== "keeping") return "leaving";
  const slot = draft.slots.get(id);
  // A slot above the count is only there until its process has ended.
  if (slot === undefined || slot.number >= countOf(draft, slot.entry)) return "noSuchSlot";
  change(draft, slot, { ...slot, wanted }, { kind: "wish", cause: "stopped", by });
  return null;
}

function scale(draft: Draft, name: string, count: number, by: By): Refusal | null {
  if (draft.course !== "keeping") return "leaving";
  const entry: Entry | undefined = draft.entries.get(name);
  if (entry === undefined) return "noSuchEntry";
  if (entry.count === count) return null;
  draft.record({ type: "scaled", at: draft.now.wall, entry: name, slot: null, pid: null, count, cause: null, by });
  draft.entries.set(name, { ...entry, count });
  addSlots(draft, name, entry.count, count, by);
  for (let number = entry.count - 1; number >= count; number--) {
    const slot = draft.slots.get(slotId(name, number));
    if (slot !== undefined) change(draft, slot, { ...slot, wanted: false }, { kind: "wish", cause: "scaled", by });
  }
  return null;
}

/** The lowest first. One that is still ending from the last time is wanted again, and starts once it has ended. */
function addSlots(draft: Draft, entry: string, from: number, to: number, by: By): void {
  for (let number = from; number < to; number++) {
    const fresh: Slot = { entry, number, wanted: true, starts: 0, lastExit: null, phase: { kind: "stopped" } };
    const slot = draft.slots.get(slotId(entry, number)) ?? fresh;
    change(draft, slot, { ...slot, wanted: true }, { kind: "wish", cause: "scaled", by });
  }
}

function leave(draft: Draft, hurry: boolean, by: By): void {
  if (draft.course === "left" || (draft.course === "leaving" && !hurry)) return;
  const event: Event = draft.course === "leaving" ? { kind: "hurry" } : { kind: "wish", cause: "stopped", by };
  draft.course = "leaving";
  for (const slot of draft.slots.committed()) change(draft, slot, slot, event);
}

function happen(draft: Draft, id: SlotId | undefined, event: Event): void {
  const slot = id === undefined ? undefined : draft.slots.get(id);
  if (slot !== undefined) change(draft, slot, slot, event);
}

/** `meant` is the slot as it was, with what is now wanted of it. */
function change(draft: Draft, before: Slot, meant: Slot, event: Event): void {
  draft.replace(before, turn(draft, meant, event), event.kind === "timeUp" ? event.token : null);
}

function countOf(draft: Draft, entry: string): number {
  return draft.entries.get(entry)?.count ?? 0;
}

function answer(draft: Draft, to: ReplyTo, refusal: Refusal | null): void {
  const answer: Answer = refusal === null ? { kind: "accepted" } : { kind: "refused", why: refusal };
  if (to !== null) draft.emit({ kind: "reply", to, answer });
}
