/** The ways in which a Sentry is reloaded, and what each reload changes. */
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

import type { HistoryLine } from "../../../src/engine/line.ts";
import { until } from "../../support/until.ts";
import type { Dice } from "./dice.ts";
import type { Kept } from "./entries.ts";
import type { Experiment } from "./experiment.ts";
import { send } from "./found.ts";
import { request } from "./request.ts";
import type { Stream } from "./stream.ts";
import { changes } from "./survey.ts";

const EXTRA: Kept = { name: "extra", count: 1, delay: 50, lifetime: "100-2000", manner: "polite", style: "whole", seed: 1 };

/** How often the configuration gave a reason to end the processes of an entry: `polite replaced`. */
type Reasons = ReadonlyMap<string, number>;

export class Reloads {
  done = 0;
  readonly #experiment: Experiment;
  readonly #stream: Stream;
  readonly #dice: Dice;
  readonly #reasons = new Map<string, number>();

  constructor(experiment: Experiment, stream: Stream, dice: Dice) {
    this.#experiment = experiment;
    this.#stream = stream;
    this.#dice = dice;
  }

  /** Another configuration, or the same, or one that is none; and one way or another to make Sentry take it. */
  async once(): Promise<void> {
    const dice = this.#dice;
    await pause(dice.whole(0, 150));
    if (dice.chance(0.1)) return this.#withNonsense();
    this.#vary();
    const before = await this.#experiment.shown();
    const way = dice.whole(0, 9);
    if (way < 4) await this.#byPost();
    else if (way < 7) await this.#bySignal(1);
    else if (way < 9) await this.#byCommand();
    else await this.#bySignal(10);
    this.#experiment.faults.push(...changes(before, await this.#experiment.shown()));
    this.done++;
  }

  /** Nothing was ended for a reload but what the configuration gave a reason for; and the last one is what runs. */
  async faults(lines: readonly HistoryLine[]): Promise<string[]> {
    return [...unfounded(lines, this.#reasons), ...await this.#differences()];
  }

  async #withNonsense(): Promise<void> {
    const text = readFileSync(this.#experiment.site.path("sample.ts"), "utf8");
    this.#experiment.configureText('throw new Error("nonsense");\n');
    const { status, body } = await request(this.#experiment.socket, { method: "POST", path: "/reload" });
    if (status !== 422) this.#experiment.faults.push(`a configuration that is none was answered with ${status}: ${body}`);
    this.#experiment.configureText(text);
  }

  #vary(): void {
    const dice = this.#dice;
    const { entries } = this.#experiment;
    const change = (name: string, more: Partial<Kept>) => entries.map((one) => (one.name === name ? { ...one, ...more } : one));
    const hasExtra = entries.some(({ name }) => name === "extra");
    switch (dice.whole(0, 4)) {
      case 0: return this.#to("a delay", change("quick", { delay: dice.whole(0, 100) }));
      case 1: return this.#to("a count", change("steady", { count: dice.whole(1, 3) }), "steady scaled");
      case 2: {
        const name = dice.pick(["polite", "leaver", "daemon", "filed"]) ?? "";
        return this.#to("a command", change(name, { seed: dice.whole(1, 1e6) }), `${name} replaced`);
      }
      case 3: return hasExtra ? this.#to("one less", entries.filter(({ name }) => name !== "extra"), "extra removed")
        : this.#to("one more", [...entries, EXTRA]);
      default: return this.#to("nothing", entries);
    }
  }

  #to(what: string, entries: readonly Kept[], reason?: string): void {
    this.#experiment.tell(`changes ${what}`);
    if (reason !== undefined) this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + 1);
    this.#experiment.configure(entries);
  }

  async #byPost(): Promise<void> {
    const post = () => request(this.#experiment.socket, { method: "POST", path: "/reload" });
    const answers = await Promise.all(this.#dice.chance(0.2) ? [post(), post()] : [post()]);
    const accepted = answers.filter(({ status }) => status === 202);
    const others = answers.filter(({ status }) => status !== 202 && status !== 409);
    if (accepted.length === 0 || others.length > 0) {
      const told = answers.map(({ status, body }) => `${status} ${body}`).join(" and ");
      this.#experiment.faults.push(`reloads were answered with ${told}`);
    }
    for (const { body } of accepted) await this.#reloaded((JSON.parse(body) as { reload: number }).reload);
  }

  /** That it is done is told by the record with the announced id. */
  async #reloaded(id: number): Promise<void> {
    const told = (): string => this.#experiment.story(this.#stream.failures);
    const type = await until(`the event ${id} comes`, () => this.#stream.seen.get(id), told);
    if (type !== "reloaded") this.#experiment.faults.push(`the record ${id}, which was to be a reload, is ${type}`);
    this.#experiment.tell(`reloaded: ${id}`);
  }

  /** Many at once may become one reload, or some; afterwards one more, so that none is under way. */
  async #bySignal(times: number): Promise<void> {
    const before = this.#stream.last;
    for (let n = 0; n < times; n++) send(this.#experiment.pid, "SIGHUP");
    const isReloaded = (): boolean => [...this.#stream.seen].some(([id, type]) => id > before && type === "reloaded");
    await until("a SIGHUP has reloaded it", isReloaded, () => this.#experiment.story(this.#stream.failures));
    this.#experiment.tell(`reloaded by ${times} SIGHUP`);
    if (times === 1) return;
    const { body } = await until("it reloads once more", async () => {
      const answer = await request(this.#experiment.socket, { method: "POST", path: "/reload" });
      return answer.status === 202 && answer;
    });
    await this.#reloaded((JSON.parse(body) as { reload: number }).reload);
  }

  async #byCommand(): Promise<void> {
    const { code, stderr } = await this.#experiment.site.sentry(["reload", "sample.ts"]);
    if (code !== 0) this.#experiment.faults.push(`sentry reload: exit code ${code}: ${stderr}`);
    this.#experiment.tell("reloaded by the command");
  }

  /** Between the configuration and what is kept running, once all that was told to end has. */
  async #differences(): Promise<string[]> {
    const wanted = this.#experiment.entries.map(({ name, count }) => `${name} ${count}`).sort();
    let found: string[] = [];
    try {
      await until("the configuration is what runs", async () => {
        const shown = (await this.#experiment.shown()).filter(({ state }) => state !== "stopped");
        const kept = shown.map(({ id }) => id.replace(/:\d+$/, ""));
        found = [...new Set(kept)].map((name) => `${name} ${kept.filter((one) => one === name).length}`).sort();
        return found.join() === wanted.join();
      });
      return [];
    } catch {
      return [`the configuration has ${wanted.join(", ")}, and what runs is ${found.join(", ")}`];
    }
  }
}

/** What was told to end more often than there was a reason for. */
export function unfounded(lines: readonly HistoryLine[], reasons: Reasons): string[] {
  const ended = new Map<string, { what: string; times: number }>();
  for (const { type, entry, slot, cause } of lines) {
    // What has ended by itself may leave something behind at any time.
    if (type !== "stopping" || cause === "leftover") continue;
    const key = `${entry}:${slot} ${cause}`;
    ended.set(key, { what: `${entry} ${cause}`, times: (ended.get(key)?.times ?? 0) + 1 });
  }
  return [...ended].filter(([, { what, times }]) => times > (reasons.get(what) ?? 0))
    .map(([key, { what, times }]) => `${key} ${times} times, and there were ${reasons.get(what) ?? 0} reasons for it`);
}

/** SIGKILLs one child after the other, at random. */
export function killChildren(experiment: Experiment, dice: Dice): { end(): Promise<void> } {
  let over = false;
  const run = async (): Promise<void> => {
    while (!over) {
      await pause(dice.whole(20, 200));
      const found = dice.pick(experiment.sweep());
      if (found !== undefined) experiment.killChild(found.mark, found.pid);
    }
  };
  const done = run();
  return { end: () => { over = true; return done; } };
}
