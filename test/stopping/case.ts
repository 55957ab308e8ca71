/** One program, kept by a Sentry that keeps nothing else: what can be done to both, and who is there. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";

import type { Sentry } from "../support/sentry.ts";
import { history, processes } from "../support/shown.ts";
import { Site } from "../support/site.ts";
import { until } from "../support/until.ts";
import { start } from "./columns.ts";
import type { Column } from "./columns.ts";
import { Pen } from "./pen.ts";
import type { Process } from "./pen.ts";
import type { Program } from "./programs.ts";

interface Clearing {
  after(clear: () => unknown): void;
}

export class Case {
  readonly #site: Site;
  readonly #pen: Pen;
  readonly #program: Program;
  readonly #column: Column;
  #sentry: Sentry | null = null;

  constructor(t: Clearing, program: Program, column: Column, name: string) {
    this.#site = new Site(t);
    this.#pen = new Pen(name);
    t.after(() => this.#pen.remove());
    this.#program = program;
    this.#column = column;
  }

  async configure(): Promise<void> {
    if (this.#column.ordinary) this.#site.becomeOrdinary();
    const [command, args, options = {}] = await this.#program.words(this.#site, this.#column.ordinary);
    const words = [command, args, { delay: 50, ...options }].map((word) => JSON.stringify(word)).join(", ");
    const { processEvents } = this.#column;
    this.#site.config(`entry("x", ${words})`, "sample.ts", JSON.stringify({ http: false, processEvents }));
    if (this.#program.isDaemon !== true) return;
    execFileSync("mkfifo", [this.#site.path("there")]);
    this.#site.own(this.#site.path("there"));
  }

  async begin(): Promise<void> {
    const sentry = this.#sentry = start(this.#site, this.#pen, this.#column);
    await until("Sentry answers", async () => {
      assert.equal(sentry.process.exitCode, null, `it has ended: ${sentry.stderr}`);
      try {
        return (await this.#site.get("/health")).status === 200;
      } catch {
        return false; // nobody listens yet
      }
    }, () => sentry.stderr);
    const eventless = sentry.lines.find((line) => line.startsWith("The kernel's process events are not listened to"));
    assert.equal(eventless, undefined);
  }

  async crash(): Promise<void> {
    const { pid } = this.#running;
    process.kill(pid, "SIGKILL");
    await this.gone(pid);
  }

  /** In good order: so PostgreSQL gives its shared memory back, which no pen holds. */
  async end(): Promise<void> {
    const sentry = this.#running;
    sentry.kill("SIGTERM");
    assert.equal(await until("Sentry has ended", () => sentry.process.exitCode ?? sentry.process.signalCode), 0);
  }

  /** The same again, without what is left of before. */
  async up(): Promise<void> {
    await this.#pen.clear((process) => this.#isSentrys(process));
    await this.#ask("up");
  }

  async down(): Promise<void> {
    await this.#ask("down");
    await until("it is stopped", async () => (await processes(this.#site))[0]?.state === "stopped", () => this.#seen());
  }

  /** Waits until all is there, and gives the slot's process; null: it is a daemon, and Sentry does not find it. */
  async complete(): Promise<number | null> {
    if (this.#program.isDaemon === true) {
      await until("the daemon is there", () => this.#isComplete(/^sh -c /), () => this.#seen());
      await writeFile(this.#site.path("there"), "\n");
    }
    const { pid } = await until("all is there", async () => {
      const [slot] = await processes(this.#site);
      if (slot?.state === "running" && slot.pid !== null && this.#isComplete()) return { pid: slot.pid };
      return history(this.#site, "fault").some(({ step }) => step === "follow") && { pid: null };
    }, () => this.#seen());
    if (pid !== null) this.#check(pid);
    return pid;
  }

  async gone(pid: number): Promise<void> {
    await until(`${pid} is gone`, () => !this.#pen.processes().some((process) => process.pid === pid));
  }

  /** Waits until the Sentry that runs now has started the slot's process. */
  async started(): Promise<void> {
    await this.#running.started("x");
  }

  /** All that the program has started, itself among them: but for Sentry and its keeper, whatever there is. */
  members(): Process[] {
    return this.#pen.processes().filter((process) => !this.#isSentrys(process));
  }

  async strays(): Promise<number[]> {
    return ((await this.#site.get("/strays")).body as { pid: number }[]).map(({ pid }) => pid);
  }

  /** Each of those that are to be there is, and nobody else: no step on the way there. */
  #isComplete(...besides: readonly RegExp[]): boolean {
    const { processes: own, settled } = this.#program;
    const others = this.members();
    for (const one of [...own, ...besides]) {
      const member = others.find(({ command }) => one.test(command));
      if (member === undefined) return false;
      if (settled?.whose.test(member.command) === true && !settled.is(member.status)) return false;
      others.splice(others.indexOf(member), 1);
    }
    return others.length === 0;
  }

  /** The table would say nothing if that were another process, or if Sentry had other means than the column says. */
  #check(main: number): void {
    const [first] = this.#program.processes;
    const command = this.members().find(({ pid }) => pid === main)?.command ?? "gone";
    assert.ok(first?.test(command), `the slot's process is another one: ${main} ${command}`);
    const hasCgroup = readFileSync(`/proc/${main}/cgroup`, "utf8").includes("/sentry.");
    assert.equal(hasCgroup, this.#column.cgroups, "the process is in a cgroup of its own");
  }

  async #ask(verb: "up" | "down"): Promise<void> {
    const { status, body } = await this.#site.get(`/processes/x:0/${verb}`, undefined, "POST");
    assert.ok(status < 300, JSON.stringify(body));
  }

  #isSentrys({ pid, command }: Process): boolean {
    return pid === this.#sentry?.pid || command.startsWith("sentry-keeper ");
  }

  get #running(): Sentry {
    assert(this.#sentry !== null);
    return this.#sentry;
  }

  #seen(): string {
    const members = this.members().map(({ pid, command }) => `${pid} ${command}`);
    return [...members, ...this.#running.lines.slice(-10)].join("\n");
  }
}
