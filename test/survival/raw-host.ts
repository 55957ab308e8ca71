/**
 * The addon with some children whose output goes to raw files, and no more of Sentry than that: `FOLDER SEED`. Started after
 * a SIGKILL, it takes up what the keeper has; by SIGHUP it execs itself; by SIGTERM it ends, and the keeper with it.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import type { Adoption, Detached, Fact, KeeperDescriptors, Output } from "../../src/native/addon.ts";
import { addonFile, keeperProgram, loadAddon } from "../../src/native/load.ts";
import { readLabel } from "../../src/survival/kept.ts";
import { CHILDREN } from "./raw-prints.ts";

/** What an image leaves to the next one. */
interface Handover { readonly left: Detached; readonly keeper: KeeperDescriptors | null; readonly images: number }

/** What is to be taken up, wherever it comes from. */
type Found = Pick<Detached, "processes" | "outputs">;

const addon = loadAddon();
const [program = "", folder = "", seed = "", memfd] = process.argv.slice(1);
const keeper = join(folder, "keeper");
const handover = memfd === undefined ? null : JSON.parse(readFileSync(Number(memfd), "utf8")) as Handover;
/** Of each run: where its stdout and its stderr go. */
const sinks = new Map<number, readonly [number, number]>();
const sinkOf = (run: number, stream: 0 | 1): number => sinks.get(run)?.[stream] ?? 0;
const nameOf = (run: number): string => CHILDREN[run - 1]?.name ?? "";
const keptOf = (run: number): string => `ab.${run} ${nameOf(run)}:0`;

begin();

function begin(): void {
  if (handover !== null) inherit(handover);
  const held = handover === null ? keeperGives() : null;
  if (handover === null && held === null) addon.startKeeper(keeperProgram(), keeper);
  addon.start({ spawners: 1, processEvents: false, cgroups: "sentry.raw", inherited: handover?.left.inherited ?? null }, deliver);
  const isFirst = !existsSync(join(folder, `${nameOf(1)}.out`));
  const open = (name: string): number =>
    addon.openFile({ path: join(folder, name), format: "raw", maxSize: 0, keep: 0, echo: null });
  CHILDREN.forEach(({ name }, n) => sinks.set(n + 1, [open(`${name}.out`), open(`${name}.err`)]));
  const found: Found | null = handover?.left ?? held;
  // Said before output flows: it does so at once, and for a few milliseconds as fast as it can.
  console.log(`image ${handover?.images ?? 1}: ${found?.processes.length ?? 0} processes, ${found?.outputs.length ?? 0} pipes`);
  if (found !== null) takeUp(found);
  else if (isFirst) for (const run of sinks.keys()) spawn(run);
  deliver(handover?.left.facts ?? []);
}

/** Null: there is no keeper. There has not been one yet, or it has ended, since nothing that it had was of worth any more. */
function keeperGives(): Found | null {
  const held = addon.takeKeeper(keeper);
  if (held === null) return null;
  const processes: Adoption[] = [];
  const outputs: Output[] = [];
  for (const { label, fd } of held) {
    const read = readLabel(label);
    if (read === null || !("run" in read)) throw new Error(`the keeper has ${label}`);
    const whose = { run: read.run, kept: keptOf(read.run) };
    if (read.kind === "pid") {
      processes.push({ ...whose, pid: read.pid, startTicks: 0, pidfd: fd, ended: false, inheritedRss: 0, threads: null,
        outPipe: 0, errPipe: 0, cgroup: null, mark: `raw.${read.run}`, descendants: [], notify: null, readyPipe: null });
    } else {
      outputs.push({ ...whose, stream: read.kind === "out" ? 0 : 1, fd, sink: 0, label: "", slot: 0, colour: null, open: true, tell: false });
    }
  }
  return { processes, outputs };
}

function takeUp({ processes, outputs }: Found): void {
  for (const output of outputs) addon.adoptOutput({ ...output, sink: sinkOf(output.run, output.stream), open: true });
  for (const process of processes) addon.adopt(process);
}

function spawn(run: number): void {
  const args = [join(import.meta.dirname, "raw-prints.js"), nameOf(run), seed, join(folder, `${nameOf(run)}.printed`)];
  addon.spawn({
    run, command: process.execPath, argv: ["node", ...args], env: Object.entries(process.env).map((pair) => pair.join("=")),
    cwd: folder, umask: null, user: null, group: null, groups: null, nice: null, oomScoreAdj: null, noNewPrivileges: false,
    limits: [], pass: [], notify: null, readyFd: null, tellLines: false,
    stdout: sinkOf(run, 0), stderr: sinkOf(run, 1), label: "", slot: 0, colour: null, kept: keptOf(run), mark: `raw.${run}`,
  });
}

function deliver(facts: Fact[]): void {
  for (const fact of facts) {
    if (fact.kind === "spawned") {
      // A line of the transcript opens the output.
      addon.say(addon.openNowhere(), 0, null, null, "Started", fact.run, null);
      console.log(`${nameOf(fact.run)} has pid ${fact.pid}`);
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
  const next: Handover = { left, keeper: addon.keeperDescriptors(), images: (handover?.images ?? 1) + 1 };
  const fd = addon.memfd(JSON.stringify(next));
  const args = [process.execPath, program, folder, seed, String(fd)];
  addon.exec(process.execPath, args, [fd, ...descriptors(next)], addonFile());
}

function inherit(from: Handover): void {
  addon.closeOnExec(descriptors(from));
  addon.close(Number(memfd));
  if (from.keeper !== null) addon.inheritKeeper(from.keeper);
}

function descriptors({ left: { outputs, processes, inherited }, keeper }: Handover): number[] {
  const some = [keeper?.connection, keeper?.process, inherited.events?.fd, inherited.signals?.fd, ...processes.map(({ pidfd }) => pidfd)];
  return [...outputs.map(({ fd }) => fd), ...some.filter((fd) => typeof fd === "number")];
}
