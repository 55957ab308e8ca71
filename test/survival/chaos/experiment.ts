/**
 * A real Sentry with real children, which is killed, started again and reloaded, and what was done to it. At the end
 * everything is stopped, and all books are compared.
 */
import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync } from "node:fs";
import { basename } from "node:path";
import type { TestContext } from "node:test";

import { Site } from "../../support/site.ts";
import type { Sentry } from "../../support/sentry.ts";
import { until } from "../../support/until.ts";
import { booksOf } from "./books.ts";
import type { Books } from "./books.ts";
import type { Circumstances, Gap } from "./circumstances.ts";
import { textOf } from "./entries.ts";
import type { Kept } from "./entries.ts";
import { childrenOf, isAlive, send, sweep } from "./found.ts";
import type { Found } from "./found.ts";
import { compileLife, now } from "./life.ts";
import { decoyIn, Keepers } from "./strangers.ts";
import { changes, compare } from "./survey.ts";
import type { Shown } from "./survey.ts";
import { verdictOn } from "./verdict.ts";
import type { Verdict } from "./verdict.ts";

export interface Conditions {
  readonly entries: readonly Kept[];
  /** As whom all is done: not as root. */
  readonly ordinary?: boolean;
  readonly processEvents?: boolean;
}

/** As much of a test as is needed. */
export type Clearing = Pick<TestContext, "after">;

/** Of the longest lists, only so much is told. */
const MOST_FAULTS = 25;
const MOST_TOLD = 40;

export class Experiment {
  readonly site: Site;
  readonly socket: string;
  readonly gaps: Gap[] = [];
  readonly killed = new Set<string>();
  /** What went wrong in front of our eyes. */
  readonly faults: string[] = [];
  withoutKeeper = false;
  readonly #began = now();
  readonly #told: string[] = [];
  readonly #delays = new Map<string, number>();
  readonly #order = new Map<string, string>();
  readonly #processEvents: boolean;
  readonly #decoy: ChildProcess;
  readonly #keepers = new Keepers();
  #entries: readonly Kept[] = [];
  #shown: readonly Shown[] = [];
  #sentry = 0;
  #pid1: Sentry | null = null;

  constructor(t: Clearing, { entries, ordinary = false, processEvents = true }: Conditions) {
    this.site = new Site(t);
    this.socket = this.site.path("sample.run/socket");
    this.#processEvents = processEvents;
    if (ordinary) this.site.becomeOrdinary();
    compileLife(this.site.path("life"));
    for (const folder of ["books", "decoy"]) {
      mkdirSync(this.site.path(folder));
      this.site.own(this.site.path(folder));
    }
    this.configure(entries);
    this.#decoy = decoyIn(this.site, this.site.path("decoy"));
  }

  /** The pid of the Sentry that was started last. */
  get pid(): number {
    return this.#sentry;
  }

  get circumstances(): Circumstances {
    return { gaps: this.gaps, killed: this.killed, delays: this.#delays, order: this.#order, withoutKeeper: this.withoutKeeper };
  }

  get entries(): readonly Kept[] {
    return this.#entries;
  }

  /** Another configuration, which is there as a whole or not at all. */
  configure(entries: readonly Kept[]): void {
    this.#entries = entries;
    for (const { name, delay, after } of entries) {
      this.#delays.set(name, Math.min(delay, this.#delays.get(name) ?? delay));
      if (after !== undefined) this.#order.set(name, after);
    }
    this.configureText(textOf(entries, this.site, this.#processEvents));
  }

  configureText(text: string): void {
    renameSync(this.site.write("sample.new", text), this.site.path("sample.ts"));
  }

  tell(what: string): void {
    this.#told.push(`${(now() - this.#began).toFixed(0)} ms: ${what}`);
  }

  /** `sentry start --detach`, and a look at what it has found. */
  async start(): Promise<void> {
    const before = this.sweep();
    const command = this.launch();
    const { code } = await command.ended;
    assert.equal(code, 0, `sentry start: exit code ${code}: ${command.stderr}`);
    this.isStarted();
    const shown = await this.shown();
    const after = this.sweep();
    const found = [...compare({ before, after, shown, books: this.site.path("books") }), ...changes(this.#shown, shown)];
    const when = `(after kill ${this.gaps.length}, ${this.gaps.at(-1)?.why ?? "none"})`;
    this.faults.push(...found.map((fault) => `${fault} ${when}`));
    this.#shown = shown;
    this.tell(`PID ${this.#sentry} runs, with ${after.length} processes`);
  }

  /** The same, and nobody waits for it. */
  launch(env: Record<string, string> = {}): Sentry {
    return this.site.start(["start", "--detach", "sample.ts"], { env });
  }

  /** It is there: from now on, nothing has an excuse any more. */
  isStarted(): void {
    const at = now();
    for (const gap of this.gaps) gap.to = Math.min(gap.to, at);
    this.#sentry = Number(readFileSync(this.site.path("sample.pid"), "utf8"));
    this.keepers();
  }

  /** In the foreground, as the first process of a pid namespace of its own. */
  async startAsPid1(): Promise<void> {
    const transcript = openSync(this.site.write("transcript.log", ""), "a");
    const words = ["-pf", "--mount-proc", "--kill-child", ...this.site.command("start", "sample.ts")];
    const stand = this.site.open("unshare", words, { stdio: ["ignore", transcript, "pipe"] });
    closeSync(transcript);
    await until("it answers", () => this.site.answers(), () => stand.stderr);
    [this.#sentry = 0] = childrenOf(stand.pid);
    this.#pid1 = stand;
    this.keepers();
  }

  async shown(): Promise<Shown[]> {
    return (await this.site.get("/processes")).body as Shown[];
  }

  /** The living children. */
  sweep(): Found[] {
    return sweep(this.site.path("books"));
  }

  /** Whoever holds something for the processes that are there. */
  keepers(): number[] {
    return this.#keepers.see([this.#sentry, ...this.sweep().map(({ pid }) => pid)]);
  }

  /** SIGKILL, and no Sentry is there any more. */
  async crash(why = "random"): Promise<void> {
    this.keepers();
    this.#shown = await this.shown();
    await this.kill(this.#sentry, why);
  }

  /** The same for one that may not answer yet, or not any more. */
  async kill(sentry: number, why: string): Promise<void> {
    this.died(why);
    send(sentry, "SIGKILL");
    await until(`PID ${sentry} is gone`, () => !isAlive(sentry));
  }

  died(why: string): void {
    this.gaps.push({ from: now(), to: Infinity, why });
    this.tell(`kill ${this.gaps.length}: ${why}`);
  }

  /** SIGKILL for one of the children. */
  killChild(mark: string, pid: number): void {
    this.killed.add(mark);
    send(pid, "SIGKILL");
  }

  /** Stops everything, sees that nothing is left, and compares all books. */
  async finish(): Promise<Verdict> {
    await this.stop();
    const { faults, counts } = verdictOn(this.books(), this.circumstances);
    return { faults: [...this.faults, ...faults], counts };
  }

  /** Stops everything, and sees that nothing is left. */
  async stop(): Promise<void> {
    if (!isAlive(this.#sentry)) await this.start();
    this.keepers();
    const [stopped] = await Promise.all([this.site.sentry(["stop", "sample.ts"]), this.#hurry()]);
    assert.equal(stopped.code, 0, stopped.stderr);
    await this.#endOfPid1();
    await this.nothingLeft();
  }

  story(faults: readonly string[]): string {
    const more = faults.length - MOST_FAULTS;
    return [
      `${faults.length} faults:`, ...faults.slice(0, MOST_FAULTS), ...(more > 0 ? [`… and ${more} more`] : []),
      "what was done:", ...this.#told.slice(-MOST_TOLD),
    ].join("\n");
  }

  books(): Books {
    return booksOf(this.site);
  }

  /** Once all others have ended, those that do not listen are all that is left: a second signal makes haste. */
  async #hurry(): Promise<void> {
    const left = () => this.sweep().map(({ entry }) => entry);
    const stubborn = new Set(this.#entries.filter(({ manner }) => manner === "stubborn").map(({ name }) => name));
    if (stubborn.size === 0) return;
    await until("only those are left that do not listen", () => left().every((name) => stubborn.has(name)), () => left().join());
    for (const signal of ["SIGTERM", "SIGINT"] as const) send(this.#sentry, signal);
  }

  async #endOfPid1(): Promise<void> {
    if (this.#pid1 === null) return;
    assert.deepEqual(await this.#pid1.ended, { code: 0, signal: null }, this.#pid1.stderr);
  }

  /** Neither processes nor files; and whoever is none of ours lives on. */
  async nothingLeft(): Promise<void> {
    const { pid } = this.#decoy;
    const left = () => this.site.alive().filter((one) => one !== pid);
    await until("no process is left", () => left().length === 0, () => left().join());
    await until("no keeper is left", () => this.#keepers.left().length === 0, () => this.#keepers.left().join());
    for (const name of ["sample.pid", "sample.run/socket", "sample.run/keeper"]) {
      if (existsSync(this.site.path(name))) this.faults.push(`${basename(name)} is left`);
    }
    if (!this.#keepers.any) this.faults.push("no keeper was ever there");
    if (this.#decoy.exitCode !== null || this.#decoy.signalCode !== null) this.faults.push("a stranger's process was killed");
    this.#decoy.kill("SIGKILL");
  }
}
