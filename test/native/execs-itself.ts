/**
 * A process that starts a child, and execs itself when a line comes: the next image takes everything up, and tells it
 * in JSON. As often as lines come.
 */
import { readFileSync } from "node:fs";

import type { Detached, Fact, KeeperDescriptors, UnixSocket } from "../../src/native/addon.ts";
import { addonFile, keeperProgram, loadAddon } from "../../src/native/load.ts";

interface State { left: Detached; lock: number; socket: UnixSocket; keeper: KeeperDescriptors | null; images: number }

const addon = loadAddon();
const [program = "", folder = "", memfd] = process.argv.slice(1);
const places = { lock: `${folder}/lock`, socket: `${folder}/socket`, keeper: `${folder}/keeper`, log: `${folder}/log` };
const tell = (line: object) => console.log(JSON.stringify(line));

function deliver(facts: Fact[]): void {
  for (const fact of facts) {
    tell(fact);
    if (fact.kind === "spawned") addon.say(sink, 0, null, null, "Started", fact.run, null);
    if (fact.kind === "exit") addon.reap(fact.run);
    if (fact.kind === "quiet") exec();
  }
}

const state = memfd === undefined ? null : JSON.parse(readFileSync(Number(memfd), "utf8")) as State;
if (state === null) {
  addon.lockFile(places.lock);
  addon.close(addon.listenUnix(places.socket));
  addon.startKeeper(keeperProgram(), places.keeper);
} else {
  addon.closeOnExec(descriptors(state));
  addon.close(Number(memfd));
  addon.inheritLock(places.lock, state.lock);
  addon.close(addon.inheritSocket(places.socket, state.socket));
  if (state.keeper !== null) addon.inheritKeeper(state.keeper);
}
const inherited = state?.left.inherited ?? null;
const { processEvents: eventsFault } = addon.start({ spawners: 1, processEvents: true, cgroups: "sentry.execs", inherited }, deliver);
const sink = addon.openFile({ path: places.log, format: "prefixed", maxSize: 0, keep: 0, echo: null });
if (state !== null) {
  for (const { text } of state.left.owed) addon.owe(sink, text);
  for (const output of state.left.outputs) addon.adoptOutput({ ...output, sink });
  for (const process of state.left.processes) addon.adopt(process);
  deliver(state.left.facts);
}
tell({ image: state === null ? 1 : state.images + 1, pid: process.pid, eventsFault, preload: process.env["LD_PRELOAD"] ?? null });
process.stdin.on("data", (data: Buffer) => {
  for (const line of data.toString().split("\n")) {
    if (line === "exec") addon.quiesce(true);
    if (line.startsWith("run ")) spawn(Number(line.split(" ")[1]), line.split(" ").slice(2).join(" "));
  }
}).on("end", () => { addon.endKeeper(); process.exit(0); });

function spawn(run: number, script: string): void {
  addon.spawn({
    run, command: "/bin/sh", argv: ["sh", "-c", script], env: [`PATH=${process.env["PATH"] ?? ""}`], cwd: folder, umask: null,
    user: null, group: null, groups: null, nice: null, oomScoreAdj: null, noNewPrivileges: false, limits: [], pass: [],
    notify: null, readyFd: null, tellLines: false,
    stdout: sink, stderr: sink, label: "x", slot: 0, colour: null, kept: `test.${run} x:0`, mark: `test.${run}`,
  });
}

function descriptors({ left, lock, socket, keeper }: State): number[] {
  const { events, signals } = left.inherited;
  return [
    lock, socket.fd, ...left.outputs.map(({ fd }) => fd), ...[...left.processes.map(({ pidfd }) => pidfd), keeper?.connection ?? null, keeper?.process ?? null,
    events?.fd ?? null, signals?.fd ?? null].filter((fd) => fd !== null),
  ];
}

function exec(): void {
  const left = addon.detach();
  const next: State = {
    left, lock: addon.lockDescriptor(places.lock), socket: addon.socketDescriptor(places.socket),
    keeper: addon.keeperDescriptors(), images: (state?.images ?? 1) + (state === null ? 0 : 1),
  };
  const fd = addon.memfd(JSON.stringify(next));
  addon.exec(process.execPath, [process.execPath, program, folder, String(fd)], [fd, ...descriptors(next)], addonFile());
}
