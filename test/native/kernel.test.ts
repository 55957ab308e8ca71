import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";

import type { Happening } from "../../src/core/command.ts";
import type { Fault } from "../../src/core/types.ts";
import type { Addon, Fact, SpawnRequest } from "../../src/native/addon.ts";
import { NativeKernel } from "../../src/native/kernel.ts";
import { Agenda } from "../support/agenda.ts";
import { until } from "../support/until.ts";

const at = { wall: 1_334_000_000_000_000, mono: 5000 };
const missing: Fault = { step: "env", errno: "ENOENT", message: "no such file or directory", subject: "/srv/env" };

/** A kernel port over an addon that only notes what it is asked for; `ready` answers the one preparation. */
function kernel(pidFile: string | null = null) {
  const asked: unknown[][] = [];
  const posted: Happening[] = [];
  let ready: (prepared: SpawnRequest | Fault) => void = () => {};
  const promise = new Promise<SpawnRequest | Fault>((resolve) => { ready = resolve; });
  const noted = new Proxy({}, {
    get: (_, name) => (...words: unknown[]) => { asked.push([name, ...words.map((word) => (word === request ? "request" : word))]); },
  }) as Addon;
  const configured = { prepare: () => promise, pidFileOf: (entry: string, slot: number) => pidFile?.replace("{slot}", `${entry}-${slot}`) ?? null };
  const port = new NativeKernel(noted, new Agenda(), configured, (facts) => { posted.push(...facts); });
  return { port, asked, posted, ready };
}

function folder(t: TestContext) {
  const root = mkdtempSync(join(tmpdir(), "sentry-kernel-"));
  t.after(() => rmSync(root, { recursive: true }));
  const path = (name: string): string => join(root, name);
  return { path, write: (name: string, text: string) => { mkdirSync(dirname(path(name)), { recursive: true }); writeFileSync(path(name), text); } };
}

const request = { run: 7, argv: ["sleep", "4"] } as unknown as SpawnRequest;
const followed: Fact = { kind: "followed", run: 7, pid: 1520, startTicks: 1240, outPipe: 20, errPipe: 21, cgroup: null, at };
const astray: Fact = { kind: "astray", run: 7, step: "follow", errno: "ESRCH", message: "no such process", subject: "1520" };

test("a start is the addon's once it is prepared; a preparation that fails is a fault", async () => {
  const good = kernel();
  good.port.spawn(7, "web", 0);
  good.ready(request);
  const bad = kernel();
  bad.port.spawn(7, "web", 0);
  bad.ready(missing);
  await new Promise(setImmediate);
  assert.deepEqual([good.asked, good.posted], [[["spawn", "request"]], []]);
  assert.deepEqual([bad.asked, bad.posted.map(({ kind }) => kind)], [[], ["fault"]]);
});

test("a start that is told to end before it is prepared is called off", async () => {
  const { port, asked, posted, ready } = kernel();
  port.spawn(7, "web", 0);
  port.end(7, "SIGTERM", "tree");
  assert.equal(posted.length, 0, "not from within the call");
  ready(request);
  await new Promise(setImmediate);
  assert.deepEqual([asked, posted.map((fact) => fact.kind === "fault" && fact.fault.errno)], [[], ["ECANCELED"]]);
});

test("what is still being prepared when the image ends never starts: its successor asks for it by another number", async () => {
  const { port, asked, posted, ready } = kernel();
  port.spawn(7, "web", 0);
  port.letGo();
  ready(request);
  await new Promise(setImmediate);
  assert.deepEqual([asked, posted], [[], []]);
});

test("a process is known by when the kernel started it, by its pipes, and by its cgroup", () => {
  const fact = { kind: "spawned", run: 7, pid: 1514, startTicks: 1234, outPipe: 20, errPipe: 21, cgroup: "/sentry.a/7", notify: "sentry.a.7.x", at } as const;
  const identity = { startTicks: 1234, pipes: [20, 21], cgroup: "/sentry.a/7", notify: "sentry.a.7.x" };
  assert.deepEqual(kernel().port.happeningOf(fact), { kind: "spawned", run: 7, pid: 1514, at, identity });
});

test("what is no affair of a process is no happening of the law", () => {
  const { port } = kernel();
  const none: Fact[] = [
    { kind: "quiet" }, { kind: "keeperGone" }, { kind: "flushed", token: 1 }, { kind: "strays", token: 1, strays: [] },
    { kind: "lost", what: "output", count: 1, sink: null }, { kind: "rotated", sink: 1, fault: null }, { kind: "packed", sink: 1 },
  ];
  for (const fact of none) {
    assert.equal(port.happeningOf(fact), null);
  }
});

test("a daemon without a PID file is sought at once, and may not be the last one", () => {
  const { port, asked } = kernel();
  port.follow(7, "web", 0, null);
  assert.deepEqual(asked, [["follow", 7, null]]);
  assert.deepEqual(port.happeningOf(followed), {
    kind: "followed", run: 7, pid: 1520, at, identity: { startTicks: 1240, pipes: [20, 21], cgroup: null, notify: null }, settled: false,
  });
  const fault = { step: "follow", errno: "ESRCH", message: "no such process", subject: "1520" };
  assert.deepEqual(port.happeningOf(astray), { kind: "astray", run: 7, fault });
});

test("a daemon with a PID file is whoever the file names, each time that it names another", async (t) => {
  const place = folder(t);
  const { port, asked } = kernel(place.path("run/{slot}.pid"));
  t.after(() => port.reap(7));
  port.follow(7, "web", 0, null);
  assert.deepEqual(asked, [["follow", 7, 0]], "there is no such file, nor its folder");
  asked.length = 0;
  place.write("run/web-0.pid", "not a pid\n");
  place.write("run/web-0.pid", "1519\n");
  await until("it was read", () => asked.length === 1);
  assert.equal(port.happeningOf({ ...astray, subject: "1519" }), null, "it may be an old one");
  place.write("run/web-0.pid", "  1520");
  await until("it was read again", () => asked.length === 2);
  assert.deepEqual(asked, [["follow", 7, 1519], ["follow", 7, 1520]]);
  assert.deepEqual(port.happeningOf({ ...astray, errno: "" })?.kind, "astray", "nothing is left that it could name");
  const happening = port.happeningOf(followed);
  assert.equal(happening?.kind === "followed" && happening.settled, true);
});

test("a PID file is found although its folder is removed and made again meanwhile", async (t) => {
  const place = folder(t);
  place.write("run/other", "");
  const { port, asked } = kernel(place.path("run/pid"));
  t.after(() => port.reap(7));
  port.follow(7, "web", 0, null);
  asked.length = 0;
  rmSync(place.path("run"), { recursive: true });
  place.write("run/pid", "1520\n");
  await until("it was read", () => asked.length === 1);
  rmSync(place.path("run"), { recursive: true });
  await new Promise(setImmediate);
  place.write("run/pid", "1521\n");
  await until("it was read again", () => asked.length === 2);
  assert.deepEqual(asked, [["follow", 7, 1520], ["follow", 7, 1521]]);
});

for (const [what, over] of [
  ["that is told to end", (port: NativeKernel) => port.end(7, "SIGTERM", "tree")],
  ["that is over", (port: NativeKernel) => port.reap(7)],
  ["that is the next image's", (port: NativeKernel) => port.letGo()],
] as const) {
  test(`the PID file of a run ${what} is not looked at any more`, async (t: TestContext) => {
    const place = folder(t);
    const [over7, other] = [kernel(place.path("pid")), kernel(place.path("pid"))];
    t.after(() => other.port.reap(7));
    for (const { port } of [over7, other]) port.follow(7, "web", 0, null);
    over(over7.port);
    for (const { asked } of [over7, other]) asked.length = 0;
    place.write("pid", "1520\n");
    await until("the other one has read it", () => other.asked.length === 1);
    assert.deepEqual(over7.asked, []);
  });
}

test("a PID file that is no file, or names nobody that could be meant, names nobody", (t) => {
  const place = folder(t);
  const { port, asked } = kernel(place.path("pid"));
  t.after(() => port.reap(7));
  for (const text of ["", "1\n", "0\n", "-5\n", "1520x\n", "99999999999\n"]) {
    place.write("pid", text);
    port.follow(7, "web", 0, null);
  }
  const device = kernel("/dev/zero");
  t.after(() => device.port.reap(7));
  device.port.follow(7, "web", 0, null);
  for (const [, , pid] of [...asked, ...device.asked]) assert.equal(pid, 0);
});
