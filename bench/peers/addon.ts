/**
 * What loop.c does, with Sentry's addon alone, without the law, the queue and the configuration around it: the same
 * arguments, the same answer. Behind each exit's moment stands the kernel's own stamp of it, where there is one.
 *
 * Each child gets what Sentry gives to every child: a session, two pipes that are read, and two lines of transcript.
 *
 * In front of the arguments may stand `--printing N PROGRAM FOLDER`: beside all that, N processes of fixtures/prints.c print as
 * fast as they can into files in that folder.
 */
import { openSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";

import type { Fact, SpawnRequest } from "../../src/native/addon.ts";
import { loadAddon } from "../../src/native/load.ts";
import { printingForEver } from "../support/printing.ts";

/** The run of a first process, which is not counted. */
const WARM_UP = 1;

const words = process.argv.slice(2);
const [, printing = "0", program = "", folder = ""] = words[0] === "--printing" ? words.splice(0, 4) : [];
const [count = 0, inFlight = 0, descriptors = 0] = words.splice(0, 3).map(Number);
const env = Object.entries(process.env).map(([name, value]) => `${name}=${value}`);

const addon = loadAddon();
addon.start({ spawners: Math.min(availableParallelism(), 4), processEvents: true, cgroups: "sentry.bench", inherited: null }, take);
const sink = addon.openTerminal(openSync("/dev/null", "w"), false);

const moments: string[] = [];
let started = 0;
// Once it has ended, the spawning threads have the low descriptors that they keep for themselves. In Sentry too the many
// descriptors come later, with the processes.
addon.spawn(request(WARM_UP, ["/bin/true"]));

function begin(): void {
  for (let n = 0; n < descriptors; n++) openSync("/dev/null", "r");
  for (let n = 0; n < Number(printing); n++) addon.spawn(request(WARM_UP + count + 1 + n, printingForEver(program), file(n)));
  moments.push(String(process.hrtime.bigint()));
  while (started < Math.min(inFlight, count)) start();
}

function start(): void {
  started++;
  addon.spawn(request(WARM_UP + started, words));
}

/** With Sentry's own bounds. */
function file(n: number): number {
  return addon.openFile({ path: join(folder, `${n}.log`), format: "raw", maxSize: 10 * 1024 * 1024, keep: 5, echo: null });
}

function request(run: number, argv: string[], to = sink): SpawnRequest {
  return {
    run, command: argv[0] ?? "", argv, env, cwd: process.cwd(), umask: null, user: null, group: null,
    groups: null, nice: null, oomScoreAdj: null, noNewPrivileges: false, limits: [], pass: [],
    notify: null, readyFd: null, tellLines: false, stdout: to, stderr: to,
    label: "peer", slot: 0, colour: null, kept: `0.${run} peer:0`, mark: `0.${run}`,
  };
}

function take(facts: Fact[]): void {
  const now = process.hrtime.bigint();
  for (const fact of facts) {
    if (fact.kind === "fault") throw new Error(`${fact.subject}: ${fact.step}: ${fact.message}`);
    if (fact.kind === "spawned") addon.say(sink, fact.at.wall, `peer.${fact.pid}`, null, "Started.", fact.run, null);
    if (fact.kind !== "exit") continue;
    addon.say(sink, fact.at.wall, `peer.${fact.pid}`, null, "Exited.", null, fact.run);
    addon.reap(fact.run);
    if (fact.run === WARM_UP) {
      begin();
      continue;
    }
    moments.push(`${now} ${fact.kernelTime ? Math.round(fact.at.mono * 1e6) : ""}`);
    if (started < count) start();
  }
  if (moments.length <= count) return;
  addon.stop();
  process.stdout.write(`${moments.join("\n")}\n`);
}
