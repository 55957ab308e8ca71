/** The addon, started for one test: what it tells, and starts that need no more than a program. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

import type { Addon, Detached, Fact, Inherited, LogFile, SpawnRequest } from "../../src/native/addon.ts";
import { loadAddon } from "../../src/native/load.ts";
import { until } from "./until.ts";

export type FactOf<Kind extends Fact["kind"]> = Extract<Fact, { kind: Kind }>;

export class Native {
  readonly addon: Addon;
  /** All facts, in order, as they came: a batch each. */
  readonly batches: Fact[][] = [];
  readonly folder = mkdtempSync(join(tmpdir(), "sentry-native-"));
  /** Why there are no process events, as `start` gave it. */
  readonly eventsFault: string | null;
  /** A sink that is a file: `printed`. */
  sink = 0;
  /** The exits that are told are reaped at once. */
  reaps = true;
  readonly #processEvents: boolean;
  #lastRun = 0;

  constructor(t: TestContext, processEvents = false) {
    this.addon = loadAddon();
    this.#processEvents = processEvents;
    this.eventsFault = this.#start(null);
    t.after(async () => {
      for (const { run } of this.all("spawned")) this.addon.end(run, "SIGKILL", "tree");
      await this.some("exit", this.all("spawned").length);
      this.addon.stop();
      rmSync(this.folder, { recursive: true });
    });
  }

  #start(inherited: Inherited | null): string | null {
    const how = { spawners: 2, processEvents: this.#processEvents, cgroups: `sentry.test-${process.pid}`, inherited };
    const missing = this.addon.start(how, (facts) => this.#take(facts));
    this.sink = this.openFile("printed");
    return missing.processEvents;
  }

  #take(facts: Fact[]): void {
    this.batches.push(facts);
    for (const fact of facts) if (fact.kind === "exit" && this.reaps) this.addon.reap(fact.run);
  }

  /** Ends the threads once no start is under way. */
  async detach(): Promise<Detached> {
    const before = this.all("quiet").length;
    this.addon.quiesce(true);
    await this.some("quiet", before + 1);
    return this.addon.detach();
  }

  /** Starts again, in the same process, and takes up everything. */
  resume(left: Detached): string | null {
    const fault = this.#start(left.inherited);
    for (const { text } of left.owed) this.addon.owe(this.sink, text);
    for (const output of left.outputs) this.addon.adoptOutput({ ...output, sink: this.sink });
    for (const process of left.processes) this.addon.adopt(process);
    this.#take(left.facts);
    return fault;
  }

  get printed(): string {
    return join(this.folder, "printed");
  }

  get facts(): Fact[] {
    return this.batches.flat();
  }

  /** A sink that is a file in the folder: without a bound, if nothing else is said. */
  openFile(name: string, more: Partial<LogFile> = {}): number {
    return this.addon.openFile({ path: join(this.folder, name), format: "prefixed", maxSize: 0, keep: 0, echo: null, ...more });
  }

  /** Asks for a start, and gives its run. */
  spawn(command: string, args: readonly string[] = [], more: Partial<SpawnRequest> = {}): number {
    const run = ++this.#lastRun;
    this.addon.spawn({
      run, command, argv: [command, ...args], env: [`PATH=${process.env["PATH"] ?? ""}`], cwd: this.folder, umask: null,
      user: null, group: null, groups: null, nice: null, oomScoreAdj: null, noNewPrivileges: false, limits: [], pass: [], notify: null,
      readyFd: null, tellLines: false, stdout: this.sink, stderr: this.sink, label: "x", slot: 0, colour: null, kept: `test.${run} x:0`,
      mark: `test.${run}`, ...more,
    });
    return run;
  }

  all<Kind extends Fact["kind"]>(kind: Kind): FactOf<Kind>[] {
    return this.facts.filter((fact): fact is FactOf<Kind> => fact.kind === kind);
  }

  /** Waits until so many facts of a kind have come, and gives them all. */
  some<Kind extends Fact["kind"]>(kind: Kind, count: number): Promise<FactOf<Kind>[]> {
    return until(`${count} facts of kind ${kind} have come`, () => {
      const found = this.all(kind);
      return found.length >= count && found;
    }, () => `there are ${this.all(kind).length}; faults: ${JSON.stringify(this.all("fault").slice(0, 3))}`);
  }

  async of<Kind extends Fact["kind"]>(kind: Kind, run: number): Promise<FactOf<Kind>> {
    return until(`run ${run} has a fact of kind ${kind}`, () =>
      this.all(kind).find((fact) => "run" in fact && fact.run === run), () => JSON.stringify(this.facts));
  }
}
