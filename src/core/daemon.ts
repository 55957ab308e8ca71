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
import { bury, end, ended, endingOf, judged, run, signal, tellToEnd, timer } from "./moves.ts";
import { isSuccess } from "./restart.ts";
import type { Next, PhaseOf, Slot, Started } from "./state.ts";
import { tellAstray, tellReady, tellStopping } from "./telling.ts";
import { statusOf } from "./types.ts";
import type { By, Cause, Exit, Fault, Law, Millis, RunId, Scope } from "./types.ts";

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
  return { ...slot, phase: { kind: "following", run, started, ended: null, deadline } };
}

export const following: Turn<"following"> = (draft, slot, phase, event) => {
  switch (event.kind) {
    case "wish":
      return draft.wants(slot) && !event.afresh ? slot : giveUp(draft, slot, phase, event.cause, event.by);
    case "resume":
      if (!draft.wants(slot)) return giveUp(draft, slot, phase, event.cause, draft.leaveBy);
      // Whoever was looking for it has gone with the earlier image.
      if (phase.ended !== null) follow(draft, slot, phase.run);
      return slot;
    case "signal":
      return phase.ended === null ? signal(draft, slot, phase.run, phase.started, event.signal, event.by) : slot;
    case "hurry": return slot;
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
      tellAstray(draft, slot, phase.started, lateFor(draft.law(slot).readyTimeout, phase.ended));
      return giveUp(draft, slot, phase, "readyTimeout", null);
    case "spawned": case "fault": case "cleared": case "surviving": return impossible(slot, phase, event);
  }
};

export const settling: Turn<"settling"> = (draft, slot, phase, event) => {
  switch (event.kind) {
    case "wish":
      if (draft.wants(slot) && !event.afresh) return slot;
      return end(draft, slot, phase.run, phase.started, event.cause, event.by, SCOPE);
    case "resume":
      // Nobody has heard of its end while the next image booted: the time begins anew.
      if (draft.wants(slot)) return { ...slot, phase: { ...phase, settles: timer(draft, draft.now.mono + SETTLES_AFTER) } };
      return end(draft, slot, phase.run, phase.started, event.cause, draft.leaveBy, SCOPE);
    case "signal": return signal(draft, slot, phase.run, phase.started, event.signal, event.by);
    case "hurry": return slot;
    case "exited": return goAway(draft, slot, phase, phase.until, event);
    case "timeUp": return ready(draft, slot, phase.run, phase.started);
    case "spawned": case "fault": case "cleared": case "followed": case "astray": case "surviving":
      return impossible(slot, phase, event);
  }
};

/**
 * One that has ended well and has left something is followed on. Any other end is the end of the run; but where nobody knows
 * how it was, because Sentry was killed in that moment, what is left says that it was well.
 */
function goAway(draft: Draft, slot: Slot, phase: Following | Settling, until: Millis, event: ExitedEvent): Slot {
  const { run, started } = phase;
  const well = isSuccess(draft.law(slot), event.exit);
  if (!event.alone && (well || statusOf(event.exit) === "unknown")) {
    // What is asleep looks for nothing: `resume` does.
    if (!draft.asleep) follow(draft, slot, run);
    const deadline = phase.kind === "following" ? phase.deadline : timer(draft, until);
    return { ...slot, phase: { kind: "following", run, started, ended: event.exit, deadline } };
  }
  if (well) tellAstray(draft, slot, started, NOTHING_LEFT);
  return failed(draft, slot, phase, event);
}

function follow(draft: Draft, { entry, number }: Slot, run: RunId): void {
  draft.emit({ kind: "follow", run, entry, slot: number });
}

function taken(draft: Draft, slot: Slot, { run, deadline }: Following, started: Started, settled: boolean): Slot {
  const settles = settled ? null : timer(draft, draft.now.mono + SETTLES_AFTER);
  const after: Slot = settles === null
    ? ready(draft, slot, run, started)
    : { ...slot, phase: { kind: "settling", run, started, settles, until: deadline.at } };
  draft.emit({ kind: "reap", run });
  return after;
}

function ready(draft: Draft, slot: Slot, id: RunId, started: Started): Slot {
  tellReady(draft, slot, id, started);
  return run(draft, slot, id, started);
}

function failed(draft: Draft, slot: Slot, { run, started }: Following | Settling, event: Omit<ExitedEvent, "kind">): Slot {
  const { exit } = event;
  const after = judged(draft, slot, { failed: true, at: exit.at.mono, ran: null });
  const cause = statusOf(exit) === "known" ? "exited" : "unknown";
  return ended(draft, after.slot, run, started, event, after.next, cause, SCOPE);
}

/** Where the process is still there, it is told to end. Where it has ended, that is told now, and what it left is ended. */
function giveUp(draft: Draft, slot: Slot, phase: Following, cause: Cause, by: By): Slot {
  const { run, started, ended: exit } = phase;
  if (exit === null) return end(draft, slot, run, started, cause, by, SCOPE);
  const ending = endingOf(draft, slot, SCOPE);
  tellStopping(draft, slot, run, null, ending.grace, cause, by);
  const buried = bury(draft, slot, run, started, exit, true, cause, by);
  tellToEnd(draft, run, ending);
  const after = cause === "readyTimeout"
    ? judged(draft, buried, { failed: true, at: draft.now.mono, ran: null })
    : { slot: buried, next: { kind: "stopped" } satisfies Next };
  return { ...after.slot, phase: { kind: "clearing", run, ...ending, cause, by, next: after.next } };
}

const NOTHING_LEFT: Fault = {
  step: "follow", errno: "", subject: "",
  message: "it has left no process that could be followed: what it had left has ended at once, is known to nobody (sentry status lists such), "
    + "or it does not go to the background, and `daemon` is to be left out",
};

function lateFor(timeout: Millis, exit: Exit | null): Fault {
  const message = exit === null
    ? `it is still in the foreground after ${timeout} ms: it has to leave that by itself, or leave \`daemon\` out`
    : `its process has ended, but within ${timeout} ms its PID file has named none that it has left`;
  return { step: "follow", errno: "", subject: "", message };
}
