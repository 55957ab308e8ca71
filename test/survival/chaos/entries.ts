/** What an experiment keeps running: entries of test/fixtures/life.c, and the configuration that they make. */
import type { Site } from "../../support/site.ts";

export interface Kept {
  readonly name: string;
  readonly count: number;
  readonly delay: number;
  /** Milliseconds, from and to; or `ever`. */
  readonly lifetime: string;
  readonly manner: "dies" | "polite" | "stubborn";
  readonly style: "whole" | "halves" | "burst" | "sparse";
  /** Another one makes another command of it: then its processes have to be new ones. */
  readonly seed: number;
  /** It leaves others behind when it ends. */
  readonly leaves?: boolean;
  /** It forks itself away: whom Sentry is to follow then, is for it to see, or stands in a PID file. */
  readonly daemon?: "seen" | "pidFile";
  /** Milliseconds from the signal to SIGKILL. */
  readonly grace?: number;
  /** It says when it is ready, and that it is alive, and is to be restarted where it does not. */
  readonly speaks?: boolean;
  /** It begins once that one is ready. */
  readonly after?: string;
  /** A program looks at its health all the time. */
  readonly examined?: boolean;
  /** It runs once a second. */
  readonly timed?: boolean;
}

/** As long as nobody hears it, nobody may end it for that: longer than any time without a Sentry, and a busy machine. */
const SILENCE = "5s";

/** Long lives and short ones, quiet and loud ones, some that leave others behind, and some that fork themselves away. */
export function allSorts(seed: number): Kept[] {
  return [
    { name: "steady", count: 2, delay: 200, lifetime: "ever", manner: "dies", style: "whole", seed },
    { name: "quick", count: 2, delay: 30, lifetime: "20-400", manner: "dies", style: "whole", seed },
    { name: "flash", count: 1, delay: 60, lifetime: "0-5", manner: "polite", style: "whole", seed },
    { name: "polite", count: 1, delay: 100, lifetime: "200-3000", manner: "polite", style: "halves", seed },
    { name: "burst", count: 1, delay: 300, lifetime: "50-1500", manner: "dies", style: "burst", seed },
    {
      name: "leaver", count: 1, delay: 50, lifetime: "20-1000", manner: "dies", style: "sparse", seed, leaves: true, grace: 100,
    },
    { name: "daemon", count: 1, delay: 50, lifetime: "500-2000", manner: "polite", style: "sparse", seed, daemon: "seen" },
    {
      name: "filed", count: 1, delay: 50, lifetime: "500-2000", manner: "dies", style: "sparse", seed, daemon: "pidFile",
      leaves: true, grace: 100,
    },
  ];
}

/** Who says something of itself, who waits for that, who is looked at, and who runs by the clock. */
export function attended(seed: number): Kept[] {
  return [
    { name: "speaker", count: 2, delay: 50, lifetime: "400-3000", manner: "polite", style: "sparse", seed, speaks: true },
    { name: "voice", count: 1, delay: 50, lifetime: "ever", manner: "dies", style: "sparse", seed, speaks: true },
    { name: "later", count: 1, delay: 30, lifetime: "20-800", manner: "dies", style: "sparse", seed, after: "voice", examined: true },
    { name: "timed", count: 1, delay: 0, lifetime: "20-1500", manner: "dies", style: "sparse", seed, timed: true },
  ];
}

/** Needs a second word to end. */
export const STUBBORN: Kept =
  { name: "stubborn", count: 1, delay: 0, lifetime: "ever", manner: "stubborn", style: "whole", seed: 1 };

/** All that a process is made of, in the words of a configuration. */
export function textOf(entries: readonly Kept[], site: Site, processEvents: boolean): string {
  const words = entries.map((one) => {
    const { name, count, delay, lifetime, manner, style, seed, leaves = false, daemon, speaks = false } = one;
    const customs = [...(leaves ? ["leaves"] : []), ...(daemon === undefined ? [] : ["detaches"]), ...(speaks ? ["speaks"] : [])];
    const args = [site.path("books"), String(seed), lifetime, manner, style, ...customs];
    // What has a schedule has no delay.
    const many = one.timed === true ? [{ count, ...optionsOf(one, site) }] : [delay, count, optionsOf(one, site)];
    const all = [name, site.path("life"), args, ...many];
    return `  entry(${all.map((word) => JSON.stringify(word)).join(", ")}),`;
  });
  const options = `, { http: false, processEvents: ${processEvents} }`;
  return ['import { entry, sentry } from "sentryd";', "export default sentry([", ...words, `]${options});`, ""].join("\n");
}

function optionsOf({ name, daemon, grace, speaks, after, examined, timed }: Kept, site: Site): object {
  const follow = { seen: true, pidFile: { pidFile: site.path("books", `${name}:{slot}.pid`) } };
  return {
    ...(grace === undefined ? {} : { stop: { grace } }),
    ...(daemon === undefined ? {} : { daemon: follow[daemon] }),
    ...(speaks === true ? { ready: { notify: true, timeout: SILENCE }, watchdog: SILENCE } : {}),
    ...(after === undefined ? {} : { after }),
    ...(examined === true ? { health: { exec: ["/bin/sleep", "0.05"], interval: "100ms", timeout: SILENCE } } : {}),
    ...(timed === true ? { schedule: "* * * * * *" } : {}),
  };
}
