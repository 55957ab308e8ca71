/**
 * The addon with two children whose output goes to raw files, and no more of Sentry than that: `FOLDER SEED`. Started after
 * a SIGKILL, it takes up what the keeper has; by SIGHUP it execs itself; by SIGTERM it ends, and the keeper with it.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import type { Adoption, Detached, Fact, Output } from "../../src/native/addon.ts";
import { keeperProgram, loadAddon } from "../../src/native/load.ts";
import { readLabel } from "../../src/survival/kept.ts";
import type { Kind } from "./raw-prints.ts";

/** What an image leaves to the next one. */
interface Handover { readonly left: Detached; readonly keeper: number | null; readonly images: number }

/** What is to be taken up, wherever it comes from. */
type Found = Pick<Detached, "processes" | "outputs">;

const KINDS: readonly Kind[] = ["ticker", "torrent"];

const addon = loadAddon();
const [program = "", folder = "", seed = "", memfd] = process.argv.slice(1);
const keeper = join(folder, "keeper");
const handover = memfd === undefined ? null : JSON.parse(readFileSync(Number(memfd), "utf8")) as Handover;
const sinks = KINDS.flatMap((kind) => [`${kind}.out`, `${kind}.err`]).map((name) => ({ name, number: 0 }));
const sinkOf = (run: number, stream: 0 | 1): number => sinks[2 * (run - 1) + stream]?.number ?? 0;
const keptOf = (run: number): string => `ab.${run} ${KINDS[run - 1] ?? ""}:0`;

begin();

function begin(): void {
  if (handover !== null) inherit(handover);
  const held = handover === null ? keeperGives() : null;
  if (handover === null && held === null) addon.startKeeper(keeperProgram(), keeper);
  addon.start({ spawners: 1, processEvents: false, inherited: handover?.left.inherited ?? null }, deliver);
  for (const sink of sinks) sink.number = addon.openFile(join(folder, sink.name), true);
  const found: Found | null = handover?.left ?? held;
  if (found === null) KINDS.forEach((kind, n) => spawn(n + 1, kind));
  else takeUp(found);
  deliver(handover?.left.facts ?? []);
  console.log(`image ${handover?.images ?? 1}: ${found?.processes.length ?? 0} processes, ${found?.outputs.length ?? 0} pipes`);
}

/** Null: there is no keeper, so this is the first time. */
function keeperGives(): Found | null {
  const held = addon.takeKeeper(keeper);
  if (held === null) return null;
  const processes: Adoption[] = [];
  const outputs: Output[] = [];
  for (const { label, fd } of held) {
    const read = readLabel(label);
    if (read === null || read.kind === "listen") throw new Error(`the keeper has ${label}`);
    const { run, kind } = read;
    const of = { run, kept: keptOf(run) };
    if (kind === "pid") processes.push({ ...of, pid: read.pid, startTicks: 0, pidfd: fd, ended: false, inheritedRss: 0, threads: null });
    else outputs.push({ ...of, stream: kind === "out" ? 0 : 1, fd, sink: 0, label: "", colour: null, open: true });
  }
  return { processes, outputs };
}

function takeUp({ processes, outputs }: Found): void {
  for (const output of outputs) addon.adoptOutput({ ...output, sink: sinkOf(output.run, output.stream), open: true });
  for (const process of processes) addon.adopt(process);
}

function spawn(run: number, kind: Kind): void {
  const args = [join(import.meta.dirname, "raw-prints.js"), kind, seed, join(folder, `${kind}.printed`)];
  addon.spawn({
    run, command: process.execPath, argv: ["node", ...args], env: Object.entries(process.env).map((pair) => pair.join("=")),
    cwd: folder, umask: null, user: null, group: null, groups: null, nice: null, oomScoreAdj: null, noNewPrivileges: false,
    limits: [], pass: [], stdout: sinkOf(run, 0), stderr: sinkOf(run, 1), label: "", colour: null, kept: keptOf(run),
  });
}

function deliver(facts: Fact[]): void {
  for (const fact of facts) {
    if (fact.kind === "spawned") {
      // A line of the transcript opens the output.
      addon.say(addon.openFile("/dev/null", false), 0, null, null, "Started", fact.run, null);
      console.log(`${KINDS[fact.run - 1]} ${fact.pid}`);
    } else if (fact.kind === "exit") addon.reap(fact.run);
    else if (fact.kind === "quiet") exec();
    else if (fact.kind === "signal" && fact.signal === "SIGHUP") addon.quiesce(true);
    else if (fact.kind === "signal") end();
    else throw new Error(JSON.stringify(fact));
  }
}

function end(): void {
  addon.endKeeper();
  addon.stop();
  process.exit();
}

function exec(): void {
  const left = addon.detach();
  const next: Handover = { left, keeper: addon.keeperDescriptor(), images: (handover?.images ?? 1) + 1 };
  const fd = addon.memfd(JSON.stringify(next));
  const args = [process.execPath, program, folder, seed, String(fd)];
  addon.exec(process.execPath, args, [fd, ...descriptors(next)]);
}

function inherit(from: Handover): void {
  addon.closeOnExec(descriptors(from));
  addon.close(Number(memfd));
  if (from.keeper !== null) addon.inheritKeeper(from.keeper);
}

function descriptors({ left: { outputs, processes, inherited }, keeper: connection }: Handover): number[] {
  const some = [connection, inherited.events?.fd, inherited.signals?.fd, ...processes.map(({ pidfd }) => pidfd)];
  return [...outputs.map(({ fd }) => fd), ...some.filter((fd) => typeof fd === "number")];
}
