import assert from "node:assert/strict";
import { test } from "node:test";

import type { ExitedRecord, FaultRecord, HistoryRecord, TroubleRecord } from "../../src/core/record.ts";
import { colourOf } from "../../src/colours.ts";
import { Transcript } from "../../src/output/journal.ts";
import type { Say } from "../../src/output/journal.ts";
import { lineOf } from "../../src/output/transcript.ts";
import { Agenda } from "../support/agenda.ts";

const slot = { entry: "dummy", slot: 0, by: null };
const started: HistoryRecord = {
  ...slot, type: "started", at: 1_334_081_871_900_000, pid: 1514, run: 7, cause: null, restarts: 0, mono: 5000,
  identity: { startTicks: 17, pipes: [1, 2], cgroup: null, notify: null },
};
const own = { at: 0, slot: null, pid: null, cause: null, by: null };
const exited: ExitedRecord = {
  ...slot, type: "exited", at: 1_334_081_875_000_001, pid: 1514, run: 7, code: 0, signal: null, coreDumped: false,
  status: "known", cause: "exited", ranMs: 4000, mono: 9000, userMs: 1, systemMs: 1, maxRssBytes: null,
  leftovers: false,
};
const fault: FaultRecord = {
  type: "fault", at: 1_334_081_875_000_000, entry: "web", slot: 0, pid: null, run: 8, cause: null, by: null,
  step: "exec", errno: "ENOENT", message: "no such file or directory", subject: "/srv/web",
};

test("a start is told with its epoch second, and opens the output of its run", () => {
  assert.deepEqual(lineOf(started), {
    wall: 1_334_081_871_900_000, label: "dummy.1514", text: "Started at 1334081871.", opens: 7, closes: null,
  });
});

test("an exit is told with how it ended, after all that its run has printed", () => {
  const text = (differs: Partial<ExitedRecord>) => lineOf({ ...exited, ...differs })?.text;
  assert.equal(lineOf(exited)?.closes, 7);
  assert.equal(text({}), "Exited at 1334081875 with ExitSuccess.");
  assert.equal(text({ code: 3 }), "Exited at 1334081875 with ExitFailure 3.");
  assert.equal(text({ code: null, signal: "SIGTERM" }), "Exited at 1334081875 by SIGTERM.");
  assert.equal(text({ code: null, signal: "SIGSEGV", coreDumped: true }),
    "Exited at 1334081875 by SIGSEGV (core dumped).");
  assert.equal(text({ code: null, status: "unknown" }), "Exited at 1334081875 with unknown status.");
});

test("a start that failed says what, where and why", () => {
  const line = lineOf(fault);
  assert.equal(line?.label, "web:0");
  assert.equal(line?.text, "cannot start web:0: /srv/web: exec: ENOENT (no such file or directory)");
  assert.equal(lineOf({ ...fault, subject: "", errno: "" })?.text,
    "cannot start web:0: exec: no such file or directory");
});

test("a start that was called off, and what the next line says anyway, are not shown", () => {
  assert.equal(lineOf({ ...fault, cause: "stopped" }), null);
  const untold: HistoryRecord[] = [
    { ...slot, type: "stopping", at: 0, pid: 1514, run: 7, wanted: false, until: 9000, reason: null, cause: "stopped" },
    { ...slot, type: "stopped", at: 0, pid: null, wanted: false, cause: "stopped" },
    { ...slot, type: "waiting", at: 0, pid: null, until: 9000, cause: null },
    { ...slot, type: "waiting", at: 0, pid: null, until: null, cause: "schedule" },
    { ...own, type: "added", entry: "dummy", count: 1 },
    { ...own, type: "reloaded", entry: null },
    { ...own, type: "tookOver", entry: null, processes: 3 },
    { ...own, type: "stopped", entry: null },
  ];
  for (const record of untold) assert.equal(lineOf(record), null, record.type);
});

test("a daemon is told by the pid that it has from then on", () => {
  assert.deepEqual(lineOf({
    ...slot, type: "ready", at: 1_334_081_872_000_000, pid: 1516, run: 7, mono: 6000, cause: null,
    identity: { startTicks: 18, pipes: [1, 2], cgroup: null, notify: null },
  }), { wall: 1_334_081_872_000_000, label: "dummy.1516", text: "Ready at 1334081872.", opens: null, closes: null });
});

test("that a slot is not started again is told, however its process has ended", () => {
  const said = (["finished", "failed"] as const).map((type) => lineOf({ ...slot, type, at: 7, pid: null, cause: "exited" }));
  assert.deepEqual(said.map((line) => [line?.label, line?.text]),
    [["dummy:0", "Finished; it is not started again."], ["dummy:0", "Failed; it is not started again."]]);
});

test("what a process has left behind is told, for the next start waits for its end", () => {
  const line = lineOf({ ...slot, type: "stopping", at: 7, pid: null, run: 7, wanted: true, until: 9000, reason: null, cause: "leftover" });
  assert.deepEqual([line?.label, line?.text], ["dummy:0", "Left processes behind; they are told to end."]);
});

test("why Sentry itself ends a process is told, and what a blocked slot waits for", () => {
  const stopping = { ...slot, type: "stopping", at: 7, pid: 1514, run: 7, wanted: true, until: 9000, reason: null } as const;
  const told = [
    lineOf({ ...stopping, cause: "readyTimeout" }), lineOf({ ...stopping, cause: "watchdog", reason: "it has said nothing for 500 ms" }),
    lineOf({ ...stopping, cause: "memory", reason: "601M of 512M" }), lineOf({ ...stopping, cause: "watch", reason: "src/a.js" }),
    lineOf({ ...stopping, cause: "schedule" }), lineOf({ ...stopping, cause: "exited" }),
    lineOf({ ...slot, type: "unhealthy", at: 7, pid: 1514, run: 7, failures: 3, message: "GET http://127.0.0.1/: 503", cause: null }),
    lineOf({ ...slot, type: "blocked", at: 7, pid: null, after: ["db", "migrate"], cause: null }),
  ];
  assert.deepEqual(told.map((line) => `${line?.label}: ${line?.text}`), [
    "dummy.1514: Not ready in time; it is told to end.",
    "dummy.1514: Its watchdog ran out (it has said nothing for 500 ms); it is told to abort.",
    "dummy.1514: Takes too much memory (601M of 512M); it is told to end.",
    "dummy.1514: Is restarted, for a file changed: src/a.js.",
    "dummy.1514: Still runs, and is due again; it is told to end.",
    "dummy.1514: Has said that it ends, and has not; it is killed.",
    "dummy.1514: Unhealthy, 3 times in a row: GET http://127.0.0.1/: 503.",
    "dummy:0: Waits for db, migrate.",
  ]);
});

test("trouble with a process that there is is told, also while it is being stopped", () => {
  const astray: TroubleRecord = {
    ...slot, type: "fault", at: 7, pid: 1514, run: null, cause: null, step: "follow", errno: "", subject: "/run/x.pid", message: "names no process of the run",
  };
  assert.deepEqual([lineOf(astray)?.label, lineOf(astray)?.text],
    ["dummy.1514", "cannot follow dummy:0: /run/x.pid: follow: names no process of the run"]);
  const outlasts: TroubleRecord = { ...astray, pid: null, cause: "stopped", step: "kill", subject: "", message: "1520 (dd) is in state D" };
  assert.deepEqual([lineOf(outlasts)?.label, lineOf(outlasts)?.text], ["dummy:0", "cannot end dummy:0: kill: 1520 (dd) is in state D"]);
  const { run: _run, ...rolling } = { ...outlasts, slot: null, pid: null, cause: "restarted" } as const;
  assert.equal(lineOf(rolling), null, "where a rolling restart has failed, that of the slot has been told");
});

test("that an entry has not run when it was due is told with the time, and the entry alone as the label", () => {
  const line = lineOf({
    ...own, type: "fault", at: 7, entry: "dummy", cause: "schedule", step: "schedule", errno: "", subject: "", missed: 1,
    message: "it was due, and dummy:0 had not ended",
  });
  assert.deepEqual([line?.wall, line?.label, line?.text], [7, "dummy", "Has not run: it was due, and dummy:0 had not ended."]);
});

test("an entry that was taken out is told without a label, as is a reload that could not be done", () => {
  const text = "Process type `dummy` removed. Killing workers.";
  assert.deepEqual(lineOf({ ...own, type: "removed", entry: "dummy" }),
    { wall: 0, label: null, text, opens: null, closes: null });
  const line = lineOf({
    ...own, type: "fault", entry: null, step: "exec", errno: "ENOENT", message: "no such file or directory", subject: "",
  });
  assert.equal(line?.label, null);
  assert.equal(line?.text, "cannot reload: exec: ENOENT (no such file or directory)");
});

test("process events that were lost are told; lines that were lost are told where they are missing", () => {
  const lost = { ...own, type: "lost", entry: null, count: 3 } as const;
  assert.equal(lineOf({ ...lost, what: "processEvents" })?.text, "3 of the kernel's process events were lost. Exits are exact without them.");
  assert.equal(lineOf({ ...lost, what: "output" }), null);
  const { label, text } = lineOf({ ...lost, what: "output", entry: "web" }) ?? {};
  assert.deepEqual([label, text], ["web", "3 lines of output were dropped: the log file takes no more."]);
  assert.equal(lineOf({ ...lost, what: "events", count: 1 })?.text, "1 of the events for the configuration's function `on` were lost.");
});

test("the colour of an entry is always the same, and not everybody's", () => {
  assert.equal(colourOf("dummy"), colourOf("dummy"));
  assert(new Set(["dummy", "web", "db", "cache", "mail", "queue"].map(colourOf)).size > 2);
});

test("each line goes where its entry's output goes, coloured only on a terminal", () => {
  for (const coloured of [true, false]) {
    const said: Parameters<Say>[] = [];
    const sinks = { own: 0, of: (entry: string) => entry === "web" ? 1 : 0, coloured };
    const transcript = new Transcript((...line) => { said.push(line); }, sinks, new Agenda());
    transcript.record(started);
    transcript.record(fault);
    transcript.record({ ...own, type: "removed", entry: "web" });
    transcript.tell("Bye.");
    assert.deepEqual(said.map(([sink, , label, colour, text]) => [sink, label, colour, text]), [
      [0, "dummy.1514", coloured ? colourOf("dummy") : null, "Started at 1334081871."],
      [1, "web:0", coloured ? colourOf("web") : null, "cannot start web:0: /srv/web: exec: ENOENT (no such file or directory)"],
      [0, null, null, "Process type `web` removed. Killing workers."],
      [0, null, null, "Bye."],
    ]);
  }
});

test("a bug is told line by line among Sentry's own", () => {
  const said: string[] = [];
  const sinks = { own: 0, of: () => 1, coloured: false };
  const transcript = new Transcript((sink, _wall, label, _colour, text) => {
    assert.deepEqual([sink, label], [0, null]);
    said.push(text);
  }, sinks, new Agenda());
  transcript.bug(new Error("torn"), "reap was to be done");
  assert.match(said[0] ?? "", /^Sentry has a bug; it runs on\. When reap was to be done: Error: torn$/);
  assert(said.every((line) => !line.includes("\n")));
});

test("as JSON each line is an object, with what its record knows", () => {
  const said: string[] = [];
  const sinks = { own: 0, of: () => 0, coloured: false };
  const transcript = new Transcript((_sink, _wall, label, colour, text) => {
    assert.deepEqual([label, colour], [null, null]);
    said.push(text);
  }, sinks, new Agenda(), "json");
  transcript.record(started);
  transcript.tell("one\ntwo");
  const { at, ...first } = JSON.parse(said[0] ?? "") as Record<string, unknown>;
  assert.equal(Date.parse(String(at)), Math.floor(started.at / 1000));
  assert.deepEqual(first, { entry: "dummy", slot: 0, pid: 1514, stream: "sentry", type: "started", text: "Started at 1334081871." });
  const nobody = { entry: null, slot: null, pid: null, stream: "sentry", type: null };
  assert.deepEqual(said.slice(1).map((line) => ({ ...JSON.parse(line) as object, at: null })), ["one", "two"].map((text) => ({ at: null, ...nobody, text })));
});
