/**
 * The whole law: `step(state, command, now)` says what follows from what, and touches nothing but the state. Same
 * state, same command, same result. It has no clock (`now` comes in), no process and no timer (they go out as effects),
 * so a simulation can run years of it in seconds.
 *
 * A command about a process carries its run, a timer its token. What is no longer known by that number is stale, and
 * is dropped here, before any phase sees it.
 */
import { addSlots, dropSlots, freshEntry, happen, wish } from "./change.ts";
import type { Answer, Command, Refusal, ReplyTo, SlotRequest } from "./command.ts";
import { Draft } from "./draft.ts";
import type { Effect } from "./effect.ts";
import type { Event } from "./event.ts";
import { leave, releaseMore, stop } from "./leaving.ts";
import { open, reorder } from "./order.ts";
import { decided } from "./outcome.ts";
import { putEntry } from "./placing.ts";
import { reload } from "./reload.ts";
import { resume } from "./resume.ts";
import { advance, callOff, roll } from "./rolling.ts";
import { roomOf } from "./state.ts";
import type { Slot, State } from "./state.ts";
import { tellScaled } from "./telling.ts";
import { changed, due } from "./triggers.ts";
import type { By, ExitWhen, Law, SlotId, Stamp } from "./types.ts";

/** Changes `state`, all at once or (where it throws: a bug) not at all, and returns what is to be done, in order. */
export function step(state: State, command: Command, now: Stamp): Effect[] {
  const draft = new Draft(state, now);
  obey(draft, command);
  open(draft);
  const code = decided(draft);
  if (code !== null) {
    draft.exitCode = code;
    stop(draft, false, null);
  }
  releaseMore(draft);
  if (draft.course === "leaving" && draft.live === 0 && !draft.asleep) leave(draft);
  draft.commit();
  return draft.effects;
}

function obey(draft: Draft, command: Command): void {
  switch (command.kind) {
    case "start": return start(draft, command.laws, command.exitWhen);
    case "resume": return resume(draft, command.tookOver);
    case "reload": return reload(draft, command);
    case "spawned": case "fault": case "exited": case "cleared": case "followed": case "astray": case "surviving": case "proven":
    case "examined": case "notified": case "oversized":
      return happenTo(draft, draft.runs.get(command.run), command);
    case "changed": return changed(draft, command.entry, command.file);
    case "due": return due(draft, command.entry, command.now, command.next, command.missed);
    case "timeUp": return happenTo(draft, draft.timers.get(command.token), command);
    case "up": case "down": case "restart": case "signal": return answer(draft, command.reply, ask(draft, command));
    case "scale": return answer(draft, command.reply, scale(draft, command.entry, command.count, command.by));
    case "roll": return answer(draft, command.reply, restartAll(draft, command.entry, command.by));
    case "stop":
      stop(draft, command.hurry, command.by);
      return answer(draft, command.reply, null);
  }
}

function start(draft: Draft, laws: readonly Law[], exitWhen: ExitWhen): void {
  if (draft.course !== "keeping") return; // stopped before it began
  draft.reseed();
  draft.exitWhen = exitWhen;
  for (const law of laws) {
    putEntry(draft, freshEntry(law));
    addSlots(draft, law.name, 0, law.count, null);
  }
  reorder(draft);
}

/** A run or a timer that nobody has any more is stale. */
function happenTo(draft: Draft, id: SlotId | undefined, event: Event): void {
  const slot = id === undefined ? undefined : draft.slots.get(id);
  if (slot !== undefined) advance(draft, slot, happen(draft, slot, event));
}

function ask(draft: Draft, request: SlotRequest): Refusal | null {
  if (draft.course !== "keeping") return "leaving";
  const slot = draft.slots.get(request.slot);
  // A slot above the count is only there until its process has ended, or until a rolling restart is over.
  if (slot === undefined || slot.number >= draft.count(slot.entry)) return "noSuchSlot";
  advance(draft, slot, obeyed(draft, slot, request));
  return null;
}

function obeyed(draft: Draft, slot: Slot, request: SlotRequest): Slot {
  const { by } = request;
  switch (request.kind) {
    case "up": return wish(draft, slot, { wanted: true, atOnce: true, cause: "stopped", by });
    case "down": return wish(draft, slot, { wanted: false, cause: "stopped", by });
    case "restart": return wish(draft, slot, { wanted: true, afresh: true, atOnce: true, cause: "restarted", by });
    case "signal": return happen(draft, slot, { kind: "signal", signal: request.signal, by });
  }
}

function scale(draft: Draft, name: string, count: number, by: By): Refusal | null {
  if (draft.course !== "keeping") return "leaving";
  const entry = draft.entries.get(name);
  if (entry === undefined) return "noSuchEntry";
  if (entry.count === count) return null;
  const still = callOff(draft, entry, "the entry was scaled");
  tellScaled(draft, name, count, by);
  putEntry(draft, { ...still, count });
  // The extra slot of a rolling restart is the first of those that are added, or the first that goes.
  addSlots(draft, name, entry.count, count, by);
  dropSlots(draft, name, roomOf(entry), count, by);
  return null;
}

function restartAll(draft: Draft, name: string, by: By): Refusal | null {
  if (draft.course !== "keeping") return "leaving";
  const entry = draft.entries.get(name);
  if (entry === undefined) return "noSuchEntry";
  roll(draft, entry, by);
  return null;
}

function answer(draft: Draft, to: ReplyTo, refusal: Refusal | null): void {
  const answer: Answer = refusal === null ? { kind: "accepted" } : { kind: "refused", why: refusal };
  if (to !== null) draft.emit({ kind: "reply", to, answer });
}
