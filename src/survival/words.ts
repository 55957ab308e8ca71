/** Readers of core's own words, for the state and the history alike. */
import type { After, Backoff, By, Cause, Exit, ExitWhen, Identity, Law, Limit, Scope, Stamp } from "../core/types.ts";
import { fields, flag, kinds, later, list, matching, nullable, number, oneOf, pair, positive, text, upTo, whole, word } from "./shape.ts";
import type { Reader } from "./shape.ts";

/** As configurations may spell it. */
export const entryName = matching(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/);

/** As many processes as an entry can be configured to have: a damaged number must not become a million starts. */
export const count = upTo(100_000);

/** Those beyond the count are ending. */
export const slotNumber = upTo(200_000);

/** Of a signal; what the kernel is told goes through a table of its own. */
export const signalName = matching(/^SIG[A-Z0-9+]{1,12}$/);

/** The first part of SENTRY_RUN. */
export const instance = matching(/^[0-9a-f]{1,64}$/);

export const stamp = fields<Stamp>({ wall: number, mono: number });

/** What a Sentry did that knew of nothing else; and what a configuration has by default. */
export const UNSAID = {
  restart: "always", successCodes: [0], backoff: null, limit: null, scope: "tree", daemon: false, readyTimeout: 60_000,
  ready: "started", health: null, watchdog: null, after: [], schedule: null,
} as const satisfies Partial<Law>;

export const scope = oneOf<Scope>({ process: true, group: true, tree: true });

export const law = fields<Law>({
  name: entryName, count, delay: number, stopSignal: signalName, grace: number,
  restart: later(UNSAID.restart, oneOf<Law["restart"]>({ always: true, "on-failure": true, never: true })),
  successCodes: later<readonly number[]>(UNSAID.successCodes, list(upTo(255))),
  backoff: later(UNSAID.backoff, nullable(fields<Backoff>({ factor: number, max: number, jitter: number, resetAfter: number }))),
  limit: later(UNSAID.limit, nullable(fields<Limit>({ count: whole, within: number }))),
  scope: later<Scope>(UNSAID.scope, scope),
  daemon: later(UNSAID.daemon, flag),
  readyTimeout: later(UNSAID.readyTimeout, number),
  ready: later(UNSAID.ready, oneOf<Law["ready"]>({ started: true, notify: true, probe: true })),
  health: later(UNSAID.health, nullable(fields<NonNullable<Law["health"]>>({ failures: positive }))),
  watchdog: later(UNSAID.watchdog, nullable(number)),
  after: later<readonly After[]>(UNSAID.after, list(fields<After>({
    entry: entryName, on: oneOf<After["on"]>({ started: true, ready: true, finished: true }),
  }))),
  schedule: later(UNSAID.schedule, nullable(oneOf<"skip" | "kill">({ skip: true, kill: true }))),
});

export const exitWhen: Reader<ExitWhen> = nullable(oneOf<"any" | "all">({ any: true, all: true }));

/** The name of a socket, which is bound again: with more bytes than that it would not fit. unix(7) */
const notify = matching(/^[\x21-\x7e]{1,107}$/);

export const identity = fields<Identity>({
  startTicks: whole, pipes: pair(whole), cgroup: later(null, nullable(text)), notify: later(null, nullable(notify)),
});

export const exit = fields<Exit>({
  pid: positive, code: nullable(number), signal: nullable(text), coreDumped: flag, at: stamp, kernelTime: flag,
  userMs: number, systemMs: number, maxRssBytes: nullable(number),
});

export const by: Reader<By> = nullable(kinds<NonNullable<By>>({
  signal: fields({ kind: word("signal"), pid: nullable(whole), uid: nullable(whole) }),
  socket: fields({ kind: word("socket"), pid: whole, uid: whole }),
  token: () => ({ kind: "token", pid: null, uid: null }),
}));

export const cause = oneOf<Cause>({
  exited: true, stopped: true, restarted: true, scaled: true, replaced: true, removed: true, readyTimeout: true,
  unhealthy: true, watchdog: true, memory: true, schedule: true, watch: true, leftover: true, unknown: true,
});
