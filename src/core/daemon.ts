/**
 * A program that forks itself away: its process ends well, and the one that it leaves is the slot's. Until that is found
 * the slot is not ready, in two phases: `following` the process that was started, and `settling` once there is another,
 * which may only be one in between.
 *
 * All of it is one run. The ends of those who were followed on are not recorded, for nothing has ended by them; if nobody
 * is found, the end of the last one is the end of the run. Whatever ends here has never been ready, so it counts as a start
 * that failed. And since nobody knows yet which process is the daemon, an end that begins here is for the whole tree,
 * however the law limits the ends of a daemon that is known.
 */
import type { Draft } from "./draft.ts";
import { impossible } from "./event.ts";
import type { ExitedEvent, Turn } from "./event.ts";
import { keeps } from "./held.ts";
import { bury, end, ended, endingOf, judged, ranFor, ready, reapFormer, signal, tellToEnd, timer, toBeReady } from "./moves.ts";
import { isFailing, isSuccess } from "./restart.ts";
import type { End } from "./restart.ts";
import { NOTHING_SAID } from "./state.ts";
import type { Next, PhaseOf, Said, Slot, Started } from "./state.ts";
import { tellAstray, tellStopping } from "./telling.ts";
import { statusOf } from "./types.ts";
import type { By, Cause, Exit, Fault, Law, Millis, RunId, Scope, Tidings } from "./types.ts";

type Following = PhaseOf<"following">;
type Settling = PhaseOf<"settling">;

/** How long one in between may live without being taken for the daemon. */
export const SETTLES_AFTER: Millis = 250;

const SCOPE: Scope = "tree";

/** Who is meant by an end that begins before a process of that law is the slot's. */
export function scopeBefore(law: Law): Scope {
  return law.daemon ? SCOPE : law.scope;
}

export function startFollowing(draft: Draft, slot: Slot, run: RunId, started: Started): Slot {
  const deadline = timer(draft, started.at.mono + draft.law(slot).readyTimeout);
  return { ...slot, phase: { kind: "following", run, started, ended: null, deadline, said: null, wasReady: false, proven: false } };
}

/** It has said which process takes its place, and has ended. Whoever has been ready before is so again at once. */
export function followNamed(
  draft: Draft, slot: Slot, { kind, run, started, said }: PhaseOf<"readying" | "running">, exit: Exit, until: Millis,
): Slot {
  // What is asleep looks for nothing: `resume` does.
  if (!draft.asleep) follow(draft, slot, run, said);
  const wasReady = kind === "running";
  return { ...slot, phase: { kind: "following", run, started, ended: exit, deadline: timer(draft, until), said, wasReady, proven: false } };
}

export const following: Turn<"following"> = (draft, slot, phase, event) => {
  switch (event.kind) {
    case "wish":
      return draft.wants(slot) && !event.afresh ? slot : giveUp(draft, slot, phase, event.cause, event.by);
    case "resume":
      if (!keeps(draft, slot)) return giveUp(draft, slot, phase, event.cause, draft.leaveBy);
      // Whoever was looking for it has gone with the earlier image.
      if (phase.ended !== null) follow(draft, slot, phase.run, phase.said);
      return slot;
    case "signal":
      return phase.ended === null ? signal(draft, slot, phase.run, phase.started, event.signal, event.by) : slot;
    case "exited":
      if (phase.ended !== null) return impossible(slot, phase, event);
      return goAway(draft, slot, phase, phase.deadline.at, event);
    case "followed": {
      if (phase.ended === null) return impossible(slot, phase, event);
      const { pid, at, identity, settled } = event;
      return taken(draft, slot, phase, { pid, at, identity }, settled);
    }
    case "astray":
      if (phase.ended === null) return impossible(slot, phase, event);
      tellAstray(draft, slot, phase.started, event.fault);
      return failed(draft, slot, phase, { exit: phase.ended, alone: false });
    case "timeUp":
      tellAstray(draft, slot, phase.started, lateFor(draft.law(slot).readyTimeout, phase));
      return giveUp(draft, slot, phase, "readyTimeout", null);
    // A daemon that has said that it is ready has forked itself away: whoever is found is none in between.
    case "notified": return { ...slot, phase: { ...phase, wasReady: phase.wasReady || saysReady(draft, slot, event.tidings) } };
    case "oversized": return giveUp(draft, slot, phase, "memory", null, event.message);
    case "changed": return giveUp(draft, slot, phase, "watch", null, event.file);
    case "due": return giveUp(draft, slot, phase, "schedule", null);
    case "proven": return shown(draft, slot, phase);
    case "hurry": case "examined": return slot;
    case "spawned": case "fault": case "cleared": case "surviving": case "opened": return impossible(slot, phase, event);
  }
};

export const settling: Turn<"settling"> = (draft, slot, phase, event) => {
  const { run: id, started, until } = phase;
  switch (event.kind) {
    case "wish":
      if (draft.wants(slot) && !event.afresh) return slot;
      return end(draft, slot, id, started, event.cause, event.by, { scope: SCOPE });
    case "resume":
      // Nobody has heard of its end while the next image booted: the time begins anew.
      if (keeps(draft, slot)) return { ...slot, phase: { ...phase, settles: timer(draft, draft.now.mono + SETTLES_AFTER) } };
      return end(draft, slot, id, started, event.cause, draft.leaveBy, { scope: SCOPE });
    case "signal": return signal(draft, slot, id, started, event.signal, event.by);
    case "exited": return goAway(draft, slot, phase, until, event);
    case "timeUp": return found(draft, slot, phase);
    case "notified": return saysReady(draft, slot, event.tidings) ? ready(draft, slot, id, started, NOTHING_SAID) : slot;
    case "oversized": return end(draft, slot, id, started, "memory", null, { scope: SCOPE, reason: event.message });
    case "changed": return end(draft, slot, id, started, "watch", null, { scope: SCOPE, reason: event.file });
    case "due": return end(draft, slot, id, started, "schedule", null, { scope: SCOPE });
    // One in between may have shown that: it settles all the same.
    case "proven": return shown(draft, slot, phase);
    case "hurry": case "examined": return slot;
    case "spawned": case "fault": case "cleared": case "followed": case "astray": case "surviving": case "opened":
      return impossible(slot, phase, event);
  }
};

function saysReady(draft: Draft, slot: Slot, tidings: Tidings): boolean {
  return tidings.ready && draft.law(slot).ready === "notify";
}

function shown(draft: Draft, slot: Slot, phase: Following | Settling): Slot {
  return draft.law(slot).ready === "probe" ? { ...slot, phase: { ...phase, proven: true } } : slot;
}

/**
 * One that has ended well and has left something is followed on. Any other end is the end of the run; but where nobody knows
 * how it was, because Sentry was killed in that moment, what is left says that it was well.
 */
function goAway(draft: Draft, slot: Slot, phase: Following | Settling, until: Millis, event: ExitedEvent): Slot {
  const { run, started, proven } = phase;
  const well = isSuccess(draft.law(slot), event.exit);
  if (!event.alone && (well || statusOf(event.exit) === "unknown")) {
    if (!draft.asleep) follow(draft, slot, run, null);
    const [deadline, wasReady] = phase.kind === "following" ? [phase.deadline, phase.wasReady] : [timer(draft, until), false];
    return { ...slot, phase: { kind: "following", run, started, ended: event.exit, deadline, said: null, wasReady, proven } };
  }
  if (well) tellAstray(draft, slot, started, NOTHING_LEFT);
  return failed(draft, slot, { ...phase, said: null, wasReady: false }, event);
}

function follow(draft: Draft, { entry, number }: Slot, run: RunId, said: Said | null): void {
  draft.emit({ kind: "follow", run, entry, slot: number, pid: said?.mainPid ?? null });
}

function taken(draft: Draft, slot: Slot, phase: Following, started: Started, settled: boolean): Slot {
  const after = inItsPlace(draft, slot, phase, started, settled);
  reapFormer(draft, phase.run);
  return after;
}

function inItsPlace(draft: Draft, slot: Slot, phase: Following, started: Started, settled: boolean): Slot {
  const { run, deadline: { at: until }, said, wasReady, proven } = phase;
  if (wasReady || (proven && said !== null)) return ready(draft, slot, run, started, said ?? NOTHING_SAID);
  if (said !== null) return toBeReady(draft, slot, run, started, said, until);
  if (settled) return found(draft, slot, { run, started, until, proven });
  const settles = timer(draft, draft.now.mono + SETTLES_AFTER);
  return { ...slot, phase: { kind: "settling", run, started, settles, until, proven } };
}

/** This is the daemon. That makes it ready, where nothing more is asked of it, or that has been shown. */
function found(draft: Draft, slot: Slot, { run, started, until, proven }: Pick<Settling, "run" | "started" | "until" | "proven">): Slot {
  return proven || draft.law(slot).ready === "started"
    ? ready(draft, slot, run, started, NOTHING_SAID)
    : toBeReady(draft, slot, run, started, NOTHING_SAID, until);
}

/** The end that was seen is the end of the run. One that was ready, and has named another, is judged by how it has ended. */
function failed(
  draft: Draft, slot: Slot, { run, started, said, wasReady }: Pick<Following, "run" | "started" | "said" | "wasReady">,
  event: Omit<ExitedEvent, "kind">,
): Slot {
  const { exit } = event;
  const law = draft.law(slot);
  const end: End = said !== null && wasReady
    ? { failed: !isSuccess(law, exit), at: exit.at.mono, ran: ranFor(started, exit) }
    : { failed: true, at: exit.at.mono, ran: null };
  const after = judged(draft, slot, end);
  const cause = statusOf(exit) === "known" ? "exited" : "unknown";
  return ended(draft, after.slot, run, started, event, after.next, cause, said === null ? SCOPE : law.scope);
}

/** Where the process is still there, it is told to end. Where it has ended, that is told now, and what it left is ended. */
function giveUp(draft: Draft, slot: Slot, phase: Following, cause: Cause, by: By, reason: string | null = null): Slot {
  const { run, started, ended: exit } = phase;
  if (exit === null) return end(draft, slot, run, started, cause, by, { scope: SCOPE, reason });
  const ending = endingOf(draft, slot, SCOPE, cause);
  tellStopping(draft, slot, run, null, ending.grace, cause, by, reason);
  const buried = bury(draft, slot, run, started, exit, true, cause, by);
  tellToEnd(draft, run, ending);
  const after = isFailing(cause)
    ? judged(draft, buried, { failed: true, at: draft.now.mono, ran: null })
    : { slot: buried, next: { kind: "stopped" } satisfies Next };
  return { ...after.slot, phase: { kind: "clearing", run, ...ending, cause, by, next: after.next } };
}

const NOTHING_LEFT: Fault = {
  step: "follow", errno: "", subject: "",
  message: "it has left no process that could be followed: what it had left has ended at once, is known to nobody (sentry status lists such), "
    + "or it does not go to the background, and `daemon` is to be left out",
};

function lateFor(timeout: Millis, { ended, said }: Following): Fault {
  const named = said === null ? null : `process ${said.mainPid}, which it has named, is not found`;
  const message = named ?? (ended === null
    ? `it is still in the foreground after ${timeout} ms: it has to leave that by itself, or leave \`daemon\` out`
    : `its process has ended, but within ${timeout} ms its PID file has named none that it has left`);
  return { step: "follow", errno: "", subject: "", message };
}
