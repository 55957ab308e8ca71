/** What an experiment keeps running: entries of test/fixtures/life.c, and the configuration that they make. */
import type { Site } from "../../support/site.ts";

export interface Kept {
  readonly name: string;
  readonly count: number;
  readonly delay: number;
  /** Milliseconds, from and to; or `ever`. */
  readonly lifetime: string;
  readonly manner: "dies" | "polite" | "stubborn";
  readonly style: "whole" | "halves" | "burst";
  /** Another one makes another command of it: then its processes have to be new ones. */
  readonly seed: number;
}

/** Long lives and short ones, quiet and loud ones, some that do not end when they are told to. */
export function allSorts(seed: number): Kept[] {
  return [
    { name: "steady", count: 2, delay: 200, lifetime: "ever", manner: "dies", style: "whole", seed },
    { name: "quick", count: 2, delay: 30, lifetime: "20-400", manner: "dies", style: "whole", seed },
    { name: "flash", count: 1, delay: 60, lifetime: "0-5", manner: "polite", style: "whole", seed },
    { name: "polite", count: 1, delay: 100, lifetime: "200-3000", manner: "polite", style: "halves", seed },
    { name: "burst", count: 1, delay: 300, lifetime: "50-1500", manner: "dies", style: "burst", seed },
  ];
}

/** Needs a second word to end. */
export const STUBBORN: Kept =
  { name: "stubborn", count: 1, delay: 0, lifetime: "ever", manner: "stubborn", style: "whole", seed: 1 };

/** All that a process is made of, in the words of a configuration. */
export function textOf(entries: readonly Kept[], site: Site, processEvents: boolean): string {
  const words = entries.map(({ name, count, delay, lifetime, manner, style, seed }) => {
    const args = [site.path("books"), String(seed), lifetime, manner, style];
    return `  entry(${[name, site.path("life"), args, delay, count].map((word) => JSON.stringify(word)).join(", ")}),`;
  });
  const options = `, { http: false, processEvents: ${processEvents} }`;
  return ['import { entry, sentry } from "sentryd";', "export default sentry([", ...words, `]${options});`, ""].join("\n");
}
