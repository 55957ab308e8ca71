/** What may be configured, and what may become of a process: by chance, for the simulation. */
import fc from "fast-check";

import type { After, ExitWhen, Law, Limit, Tidings } from "../../src/core/types.ts";
import type { Ending, Fate, Program } from "./kernel.ts";

export const ending: fc.Arbitrary<Ending> = fc.oneof(
  fc.record({ code: fc.constantFrom(0, 0, 0, 1, 3, 255) }),
  fc.record({ signal: fc.constantFrom("SIGSEGV", "SIGKILL"), coreDumped: fc.boolean() }),
  fc.record({ unknown: fc.constant(true as const) }),
);

/** What is started by a process, or left by it. Most end well and soon, so that much is forked away. */
const program = {
  livesFor: fc.constantFrom(0, 3, 30, 120, 249, 250, 999, 1000, 2000, Infinity, Infinity),
  ending,
  heedsAfter: fc.constantFrom(0, 30, 400, null),
  killedAfter: fc.oneof({ weight: 9, arbitrary: fc.constantFrom(0, 0, 20) }, fc.constantFrom(5000, 12_000)),
  detached: fc.boolean(),
};
const some = <T>(arbitrary: fc.Arbitrary<T>, most: number): fc.Arbitrary<T[]> =>
  fc.oneof({ weight: 2, arbitrary: fc.constant<T[]>([]) }, fc.array(arbitrary, { minLength: 1, maxLength: most }));
const leaf: fc.Arbitrary<Program> = fc.record(program);
const daemon: fc.Arbitrary<Program> = fc.record({ ...program, leaves: some(leaf, 2), forks: some(leaf, 1) });

/** Those that are started live longer, so that there is something for things to happen to. */
export const fate: fc.Arbitrary<Fate> = fc.record({
  ...program,
  livesFor: fc.oneof({ weight: 1, arbitrary: program.livesFor }, { weight: 2, arbitrary: fc.constant(Infinity) }),
  leaves: some(leaf, 2),
  forks: some(daemon, 2),
  search: fc.record({ after: fc.constantFrom(0, 0, 10, 700, Infinity), pidFile: fc.boolean() }),
  answerAfter: fc.oneof({ weight: 19, arbitrary: fc.constantFrom(1, 1, 5, 40, 300) }, fc.constant(Infinity)),
  fault: fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, fc.constantFrom("ENOENT", "EAGAIN").map((errno) =>
    ({ step: "exec", errno, message: "it is said to be so", subject: "/no/such" }))),
  toldAfter: fc.constantFrom(0, 0, 2, 60, 1500),
  calledOff: fc.boolean(),
});

const after: fc.Arbitrary<After> = fc.record({
  entry: fc.constantFrom("e0", "e0", "e1", "gone"), on: fc.constantFrom("started", "started", "ready", "finished"),
});

/** Of the entries that there may be. */
export const names = ["e0", "e1", "e2"];
export const laws: fc.Arbitrary<Law[]> = fc.uniqueArray(fc.record({
  name: fc.constantFrom(...names), count: fc.nat(3),
  restart: fc.constantFrom("always", "always", "on-failure", "never"), successCodes: fc.constantFrom([0], [0], [0, 3], []),
  delay: fc.constantFrom(0, 1, 50, 100, 1000),
  backoff: fc.option(fc.record({
    factor: fc.constantFrom(1, 2, 3), max: fc.constantFrom(50, 700, 10_000), jitter: fc.constantFrom(0, 0.5, 1),
    resetAfter: fc.constantFrom(100, 1000),
  })),
  limit: fc.constant(null),
  stopSignal: fc.constantFrom("SIGTERM", "SIGQUIT", "SIGKILL"), grace: fc.constantFrom(0, 50, 1000),
  scope: fc.constantFrom("tree", "tree", "group", "process"),
  daemon: fc.boolean(), ready: fc.constantFrom("started", "started", "notify", "probe"), readyTimeout: fc.constantFrom(1, 300, 1000, 5000),
  health: fc.constantFrom(null, null, { failures: 1 }, { failures: 2 }),
  watchdog: fc.constantFrom(null, null, 90, 500),
  after: fc.array(after, { maxLength: 2 }),
  schedule: fc.constantFrom(null, null, null, null, null, "skip", "kill"),
}).map((law): Law => ({ ...law, after: law.after.filter(isBefore(law.name)) })), { maxLength: 3, size: "max", selector: ({ name }) => name });

/** Whatever is after something has a higher number: no circles. */
const isBefore = (name: string) => ({ entry }: After) => entry < name || entry === "gone";

export const exitWhen: fc.Arbitrary<ExitWhen> = fc.constantFrom(null, null, null, null, null, null, "any", "all");

export const says: fc.Arbitrary<Partial<Tidings>> = fc.oneof(
  fc.constantFrom({ ready: true }, { ready: true, status: "well" }, { ready: true, watchdogEvery: 400 }),
  fc.constant({ ready: true }), fc.constant({ watchdog: "alive" as const }),
  fc.constant({ watchdog: "trigger" as const }), fc.constantFrom({ doing: "stopping" as const }, { doing: "reloading" as const }),
  fc.constantFrom(0, 40, 2000).map((extend) => ({ extend })), fc.constantFrom(0, 60).map((watchdogEvery) => ({ watchdogEvery })),
);

/** Of each entry, and for good: which failures of old count under another limit is promised to nobody. */
export const limits: fc.Arbitrary<(Limit | null)[]> = fc.array(fc.option(
  fc.record({ count: fc.nat(3), within: fc.constantFrom(100, 1000, 60_000) }), { freq: 1 }), { minLength: 3, maxLength: 3 });

