/**
 * What the command does alone, with no running Sentry to ask: a bundle of modules, loaded when it is called for. The
 * command itself is one CommonJS file, for Node starts that in four fifths of the time that modules take. The two are
 * bundled apart; so the one names the other as it is called in dist: import("./alone.js").
 */
import { loadConfig } from "../config/load.ts";
import { SentryError } from "../errors.ts";
import type { orphansOf as ofPlace } from "./orphans.ts";
import type { Place } from "./place.ts";
import type { Options } from "./words.ts";

export { version } from "./version.ts";

/** Gives what the command exits with. */
export async function start(place: Place, runDir: string | undefined, { detach, background, json, "log-format": format = "text" }: Options): Promise<number> {
  if (format !== "text" && format !== "json") throw new SentryError("E_USAGE", `--log-format is text or json, not '${format}'`);
  if (detach) {
    if (format === "json") throw new SentryError("E_USAGE", "--log-format json is for the terminal; detached, `log: { file, format: \"json\" }` of an entry does that");
    const { startDetached } = await import("./start.ts");
    await startDetached(place, runDir, json === true);
    // What the configuration has printed is out.
    return await new Promise((resolve) => process.stderr.write("", () => resolve(0)));
  }
  // First of all: its process boots while the rest of Sentry is loaded here.
  const configuration = loadConfig(place.config);
  configuration.catch(() => {}); // awaited once that is there
  const { start, startInBackground } = await import("./start.ts");
  return background ? startInBackground(place, configuration) : start(place, configuration, format);
}

/** The image that comes after an exec. */
export async function startAgain(place: Place, memfd: number): Promise<number> {
  return (await import("./start.ts")).startAgain(place, memfd);
}

export async function orphansOf(place: Place): Promise<ReturnType<typeof ofPlace>> {
  return (await import("./orphans.ts")).orphansOf(place);
}

export async function stopOrphans(place: Place, json: boolean): Promise<void> {
  return (await import("./orphans.ts")).stopOrphans(place, json);
}

export async function check(config: string, json: boolean): Promise<void> {
  return (await import("./check.ts")).check(config, json);
}

/** Their names, as the configuration has them. */
export async function entriesOf(config: string): Promise<string[]> {
  return (await loadConfig(config)).entries.map(({ law }) => law.name);
}

export async function init(name: string | undefined, json: boolean): Promise<void> {
  return (await import("./init.ts")).init(name, json);
}

export async function tryReload(): Promise<void> {
  return (await import("./try.ts")).tryReload();
}
