/** A checker that finds nothing wrong proves nothing. So here it is shown what it must find, one fault at a time. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";

import type { HistoryLine } from "../../../src/engine/line.ts";
import type { Circumstances } from "./circumstances.ts";
import { historyOf } from "./history.ts";
import type { Life } from "./life.ts";
import { verdictOn } from "./verdict.ts";

/** Books and circumstances that can be spoilt. */
interface Case {
  lives: Life[];
  records: HistoryLine[];
  /** What else is in the history. */
  torn: string;
  log: string[];
  circumstances: Circumstances & { gaps: { from: number; to: number; why: string }[]; killed: Set<string> };
}

let nextId: number;

function record(type: HistoryLine["type"], slot: number | null, pid: number | null, more: object = {}): HistoryLine {
  const exit = { code: null, signal: null, coreDumped: false, status: null };
  return { id: nextId++, at: "", type, entry: slot === null ? null : "x", slot, pid, ...exit, cause: null, by: null, ...more };
}

const started = (run: number, slot: number, pid: number, restarts: number): HistoryLine =>
  record("started", slot, pid, { run, restarts, mark: `i.${run}` });

const exited = (run: number, slot: number, pid: number, more: object): HistoryLine =>
  record("exited", slot, pid, { run, status: "known", cause: "exited", ...more });

const plain = (mark: string, slot: number, pid: number) => ({ entry: "x", slot, mark, pid, steps: [pid, pid] as const, beside: false });

const line = (pid: number, text: string): string => `12:00:00 x.${pid}             ${text}`;

/**
 * In one slot: a run that ended with code 3, one that was killed by the experiment, and after a SIGKILL of Sentry one
 * that ended by a signal of its own; in another slot one that was there all the time, and was stopped at the end.
 */
function good(): Case {
  nextId = 1;
  return {
    lives: [
      { ...plain("i.1", 0, 11), born: 1000, seen: 1500, begun: 3, printed: 3, ending: { code: 3 } },
      { ...plain("i.2", 1, 12), born: 1001, seen: 9000, begun: 4, printed: 4, ending: null },
      { ...plain("i.3", 0, 13), born: 1600, seen: 1990, begun: 1, printed: 1, ending: null },
      { ...plain("i.4", 0, 14), born: 3000, seen: 3500, begun: 0, printed: 0, ending: { signal: "SIGSEGV" } },
    ],
    records: [
      started(1, 0, 11, 0), started(2, 1, 12, 0), exited(1, 0, 11, { code: 3 }), record("waiting", 0, null),
      started(3, 0, 13, 1), record("tookOver", null, 99), exited(3, 0, 13, { signal: "SIGKILL" }),
      record("waiting", 0, null), started(4, 0, 14, 2), exited(4, 0, 14, { signal: "SIGSEGV" }),
      record("stopping", 1, 12, { run: 2 }), exited(2, 1, 12, { signal: "SIGTERM", cause: "stopped" }),
    ],
    torn: "",
    log: [
      line(11, "Started at 1."), line(12, "Started at 1."), line(11, "i.1 1"), line(12, "i.2 1"), line(12, "i.2 2"),
      line(11, "i.1 2"), line(11, "i.1 3"), line(11, "Exited at 1 with ExitFailure 3."), line(13, "Started at 1."),
      line(13, "i.3 1"), line(12, "i.2 1"), line(12, "i.2 2"), line(12, "i.2 3"), line(13, "Exited at 2 by SIGKILL."),
      line(14, "Started at 3."), line(14, "Exited at 3 by SIGSEGV."), line(12, "i.2 4"),
      line(12, "Exited at 9 by SIGTERM."), "Bye.", "",
    ],
    circumstances: {
      gaps: [{ from: 2000, to: 2500, why: "random" }], killed: new Set(["i.3"]), delays: new Map([["x", 100]]),
      order: new Map(), withoutKeeper: false,
    },
  };
}

/** Three daemons, one after the other in a slot: one that was followed, one that was killed before it was, and one in between. */
function goodDaemons(): Case {
  nextId = 1;
  const daemon = (n: number, pid: number) => ({ ...plain(`i.${n}`, 0, pid), steps: [pid - 1, pid - 1] as const, begun: 0, printed: 0 });
  return {
    lives: [
      { ...daemon(1, 21), born: 1000, seen: 7000, begun: 2, printed: 2, ending: { code: 3 } },
      { ...daemon(2, 23), born: 8000, seen: 8100, ending: null },
      { ...daemon(3, 26), steps: [24, 25], born: 8300, seen: 8400, ending: null },
    ],
    records: [
      started(1, 0, 20, 0), record("ready", 0, 21, { run: 1 }), exited(1, 0, 21, { code: 3, leftovers: true }),
      record("stopping", 0, null, { run: 1, cause: "leftover" }), record("waiting", 0, null), started(2, 0, 22, 1),
      record("fault", 0, null, { step: "follow" }), exited(2, 0, 22, { code: 0 }), record("waiting", 0, null),
      started(3, 0, 24, 2), record("stopping", 0, 25, { run: 3 }), exited(3, 0, 25, { signal: "SIGTERM", cause: "stopped" }),
    ],
    torn: "",
    log: [
      line(20, "Started at 1."), line(20, "i.1 1"), line(21, "Ready at 1."), line(21, "i.1 2"),
      line(21, "Exited at 7 with ExitFailure 3."),
      line(21, "Left processes behind; they are told to end."), line(22, "Started at 8."),
      "12:00:00 x:0              cannot follow x:0: follow: it has left no process behind",
      line(22, "Exited at 8 with ExitSuccess."), line(24, "Started at 8."), line(25, "Exited at 8 by SIGTERM."), "Bye.", "",
    ],
    circumstances: { gaps: [], killed: new Set(["i.2"]), delays: new Map([["x", 100]]), order: new Map(), withoutKeeper: false },
  };
}

function judge({ lives, records, torn, log, circumstances }: Case): readonly string[] {
  const history = historyOf(records.map((one) => `${JSON.stringify(one)}\n`).join("") + torn);
  return verdictOn({ lives, history, logs: [log.join("\n")] }, circumstances).faults;
}

type Spoil = (books: Case) => void;

const life = (n: number, more: Partial<Life>): Spoil => ({ lives }) => { lives[n] = { ...lives[n] as Life, ...more }; };
const another = (more: Partial<Life>): Spoil => ({ lives }) => {
  lives.push({ ...lives[0] as Life, begun: 0, printed: 0, ...more });
};
const recorded = (n: number, more: Partial<HistoryLine>): Spoil => ({ records }) => {
  records[n] = { ...records[n] as HistoryLine, ...more };
};
/** So many records there are taken out, and others put in; the ids are in order afterwards. */
const records = (n: number, out: number, ...others: ((all: HistoryLine[]) => HistoryLine | undefined)[]): Spoil => (books) => {
  books.records.splice(n, out, ...others.map((other) => other(books.records) as HistoryLine));
  books.records = books.records.map((one, at) => ({ ...one, id: at + 1 }));
};
/** From there on, the ids are others. */
const ids = (from: number, by: number): Spoil => (books) => {
  books.records = books.records.map((one, at) => (at < from ? one : { ...one, id: one.id + by }));
};
const log = (n: number, out: number, ...others: string[]): Spoil => (books) => { books.log.splice(n, out, ...others); };
const neverKilled: Spoil = ({ circumstances }) => { circumstances.gaps.length = 0; };
const both = (...all: Spoil[]): Spoil => (books) => { for (const spoil of all) spoil(books); };

/** How the books are spoilt, and what is to be said of it. */
const spoilt: Record<string, readonly [Spoil, RegExp]> = {
  "two processes in a slot at once": [life(2, { born: 1499 }), /i\.3 began while i\.1 lived, which did so for 1\.0 ms more/],
  "a successor that began while one before the last still lived": [life(0, { seen: 3100 }), /i\.4 began while i\.1 lived/],
  "a gap in the ids": [ids(5, 1), /after id 5 the history goes on with 7/],
  "an id that comes twice": [ids(5, -1), /after id 5 the history goes on with 5/],
  "a line that is no record": [(books) => { books.torn = '{"id":\n'; }, /a line that is no record: \{"id":/],
  "a fault": [recorded(3, { type: "fault" }), /a fault: /],
  "a start that was called off, and nobody did": [
    recorded(3, { type: "fault", run: 9, errno: "ECANCELED" }), /a fault: .*ECANCELED/],
  "a wrong code": [recorded(2, { code: 4 }), /exit of i\.1 is recorded as 4 .*it was code 3/],
  "a code where it was a signal": [recorded(9, { code: 0, signal: null }), /exit of i\.4 is recorded as 0 .*it was SIGSEGV/],
  "a signal where it was a code": [
    recorded(2, { code: null, signal: "SIGTERM" }), /exit of i\.1 is recorded as SIGTERM .*it was code 3/],
  "a SIGKILL that nobody sent": [({ circumstances }) => { circumstances.killed.clear(); }, /exit of i\.3 is recorded as SIGKILL/],
  "a SIGTERM that nobody sent": [recorded(10, { type: "waiting" }), /exit of i\.2 is recorded as SIGTERM/],
  "an unknown exit with no excuse": [
    recorded(2, { code: null, status: "unknown" }), /exit of i\.1 is recorded as unknown .*it was code 3/],
  "an exit that is not recorded": [records(2, 1), /i\.1 .*has no recorded exit/],
  "an exit that is recorded twice": [records(2, 0, (all) => all[2]), /recorded 2 times/],
  "a start that is not recorded": [records(4, 1), /exited, and none was started/],
  "a start that is recorded twice": [records(4, 0, (all) => all[4]), /i\.3 is recorded as started twice/],
  "a start while the one before has not exited": [records(6, 1), /started while run 3 with pid 13 .* has not exited/],
  "a run that is started and never exits": [records(11, 1), /x:1: run 2 with pid 12 .* never exited/],
  "an exit with another's pid": [recorded(2, { pid: 12 }), /run 1 with pid 12 exited, and what was started is run 1 with pid 11/],
  "a life with another pid than the recorded one": [life(1, { pid: 77, steps: [77, 77] }), /i\.2 has pid 77, and is recorded with 12/],
  "a restart count that begins anew": [recorded(8, { restarts: 0 }), /0 restarts, and it should be 2/],
  "a restart count that is not 0 at first": [recorded(0, { restarts: 1 }), /1 restarts, and it should be 0/],
  "a restart before its delay": [life(2, { born: 1550 }), /i\.3 was started 50\.0 ms before its delay/],
  "a restart before its delay, over a take-over": [
    both(recorded(6, { code: 9, signal: null }), life(2, { seen: 2950, ending: { code: 9 } })),
    /i\.4 was started 50\.0 ms before its delay/],
  "a line that is missing": [both(log(4, 1), log(10, 1)), /i\.2: lines 2 to 2 are missing/],
  "a first line that is missing": [log(2, 1), /i\.1: lines 1 to 1 are missing/],
  "last words that are missing": [log(16, 1), /i\.2 of x:1 printed 4 lines, and the log has 3/],
  "all lines of a life missing": [log(9, 1), /i\.3 of x:0 printed 1 lines, and the log has 0/],
  "more lines than were printed": [log(7, 0, line(11, "i.1 4")), /i\.1 printed 3 lines, and the log has line 4/],
  "a batch that came again with no SIGKILL": [neverKilled, /i\.2: lines came again 1 times, and Sentry was killed 0 times/],
  "a batch that came again twice for one SIGKILL": [
    log(12, 0, line(12, "i.2 1"), line(12, "i.2 2")), /i\.2: lines came again 2 times, and Sentry was killed 1 times/],
  "half of a batch that came again, at the very end": [
    both(log(10, 2), log(15, 0, line(12, "i.2 1"), line(12, "i.2 2"))), /i\.2: lines came again up to 2, and not up to 4/],
  "lines in another order": [both(log(5, 1), log(6, 0, line(11, "i.1 2"))), /i\.1: lines 2 to 2 are missing/],
  "a line under another's label": [log(2, 1, line(12, "i.1 1")), /this is not the label of x\.11/],
  "half a line of one that printed whole ones": [log(7, 0, line(11, "i.1 ")), /i\.1 printed no half line/],
  "a line that nobody printed": [log(3, 0, line(11, "something else")), /nobody printed this line/],
  "output after the exit": [both(log(6, 1), log(7, 0, line(11, "i.1 3"))), /x\.11 prints after it has exited/],
  "a log that ends in the middle of a line": [log(19, 1, "12:0"), /ends in the middle of a line: 12:0/],
  "more torn lines than kills": [
    both(log(2, 1, `12:00${line(11, "i.1 1")}`), log(6, 1, `12${line(11, "i.1 3")}`)),
    /2 lines are cut off in the middle, and Sentry was killed 1 times/],
  "more torn lines than kills, where the next Sentry has ended them": [
    both(log(2, 0, line(11, "i.")), log(6, 0, "12:00:0")), /2 lines are cut off in the middle, and Sentry was killed 1 times/],
  "a start that no line tells": [both(neverKilled, log(14, 1)), /4 records of started, and 3 lines/],
  "an exit that two lines tell": [log(7, 0, line(11, "Exited at 1 with ExitFailure 3.")), /x\.11 has exited twice/],
  "a life in no record": [
    another({ slot: 2, mark: "i.9", born: 5000, seen: 5001 }),
    /i\.9 of x:2, pid 11, is in no record: it was born 3000\.0 ms after kill 1 \(random\)/],
};

/** The same for daemons. */
const spoiltDaemons: Record<string, readonly [Spoil, RegExp]> = {
  "a daemon that was not followed": [records(1, 1), /i\.1 was not followed, and Sentry had 6000 ms for it/],
  "another process followed than the daemon": [
    recorded(1, { pid: 29 }), /i\.1 has pid 21, and 29 is recorded as the one that was followed/],
  "the end of one in between instead of the daemon's": [
    recorded(2, { pid: 20, code: 0 }), /run 1 with pid 20 exited, and what was started is run 1 with pid 21/],
  "a wrong code of a daemon": [recorded(2, { code: 0 }), /exit of i\.1 is recorded as 0 .*it was code 3/],
  "a daemon that was followed twice": [records(1, 0, (all) => all[1]), /run 1 with pid 21 is ready, and it cannot be/],
  "a daemon that was followed before it was started": [
    records(1, 1, (all) => ({ ...all[1] as HistoryLine, run: 9 })), /run 9 with pid 21 is ready, and it cannot be/],
  "one that was started for a daemon and ended otherwise than it does": [
    recorded(7, { code: 7 }), /exit of i\.2 is recorded as 7 /],
  "one that was killed, and nobody did": [
    both(recorded(7, { code: null, signal: "SIGKILL" }), ({ circumstances }) => { circumstances.killed.clear(); }),
    /exit of i\.2 is recorded as SIGKILL/],
  "a daemon that could have been followed": [({ circumstances }) => { circumstances.killed.clear(); }, /a fault: .*"step":"follow"/],
  "an unknown exit with no excuse, before it was followed": [
    recorded(7, { code: null, status: "unknown" }), /exit of i\.2 is recorded as unknown/],
  "output of a daemon after its exit": [both(log(3, 1), log(4, 0, line(20, "i.1 2"))), /x\.20 prints after it has exited/],
  "something that is left of an earlier life": [
    life(1, { beside: true }), /x:0: something of an earlier life was still there when i\.2 began/],
  "a successor that did not wait for its delay after what was left": [life(1, { born: 7050 }), /i\.2 was started 50\.0 ms before/],
};

suite("the checker", () => {
  test("finds nothing wrong with books in which nothing is wrong", () => {
    assert.deepEqual(judge(good()), []);
  });

  test("finds nothing wrong with a line that a SIGKILL has cut off, and that came again whole", () => {
    for (const torn of [line(11, "i."), "12:00:00 x.1", "12:"]) {
      const books = good();
      log(2, 0, torn)(books);
      assert.deepEqual(judge(books), [], torn);
    }
  });

  for (const [what, [spoil, expected]] of Object.entries(spoilt)) {
    test(`finds ${what}`, () => {
      const books = good();
      spoil(books);
      const faults = judge(books);
      assert.ok(faults.some((fault) => expected.test(fault)), `it said: ${faults.join("\n") || "nothing"}`);
    });
  }

  test("finds nothing wrong with daemons with which nothing is wrong", () => {
    assert.deepEqual(judge(goodDaemons()), []);
  });

  for (const [what, [spoil, expected]] of Object.entries(spoiltDaemons)) {
    test(`finds ${what}`, () => {
      const books = goodDaemons();
      spoil(books);
      const faults = judge(books);
      assert.ok(faults.some((fault) => expected.test(fault)), `it said: ${faults.join("\n") || "nothing"}`);
    });
  }

  test("finds nothing wrong with a start that a stop has overtaken", () => {
    const books = good();
    recorded(3, { type: "fault", run: 9, errno: "ECANCELED", cause: "stopped" })(books);
    assert.deepEqual(judge(books), []);
  });

  const unknown = { code: null, signal: null, status: "unknown", cause: "unknown" } as const;
  const withoutKeeper: Spoil = (books) => { books.circumstances = { ...books.circumstances, withoutKeeper: true }; };

  test("excuses an unknown status only in a gap, and only where the keeper was killed as well or the kernel cannot tell", () => {
    const books = good();
    both(withoutKeeper, recorded(6, unknown))(books);
    assert.deepEqual(judge(books), []);
    recorded(2, unknown)(books);
    assert.match(judge(books).join(), /exit of i\.1 is recorded as unknown/);
  });

  test("excuses last words only of what ended in a gap without a keeper", () => {
    const books = good();
    both(withoutKeeper, log(9, 1))(books);
    assert.deepEqual(judge(books), []);
    log(15, 1)(books);
    assert.match(judge(books).join(), /i\.2 of x:1 printed 4 lines/);
  });

  test("excuses a torn line for a kill, and half a line of one that was killed over it", () => {
    const books = good();
    both(log(10, 1, `12:00:00 x.1${line(12, "i.2 1")}`), log(13, 0, line(13, "i.3 ")), life(2, { begun: 2 }))(books);
    assert.deepEqual(judge(books), []);
  });

  test("takes a line of the history that is no record for what it is, and leaves alone one that is being written", () => {
    const { lines, strange } = historyOf('{"id":1}\n{"id"\n{"id":2}\n{"id":3');
    assert.deepEqual([lines.map(({ id }) => id), strange], [[1, 2], ['{"id"']]);
  });
});
