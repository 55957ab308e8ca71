/**
 * Stops a Node process of a test at its very beginning, before it has run a line of its own: the image that comes after
 * an exec (`--handover`), or the process in which a reload is tried (`--try`). So what happens just then is no matter of luck.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";

import { packageFolder } from "../../src/native/load.ts";
import { Site } from "./site.ts";
import type { Env } from "./site.ts";
import { until } from "./until.ts";

export class Hold {
  /** For the Sentry of which images and trials are to be held. */
  readonly env: Env;
  readonly #file: string;

  constructor(site: Site, word: "--handover" | "--try") {
    const folder = site.path("hold");
    mkdirSync(folder, { recursive: true });
    this.#file = join(folder, word);
    this.env = { TEST_HOLD: folder, NODE_OPTIONS: `--import=${join(packageFolder(), "test/fixtures/held.mjs")}` };
  }

  /** The next one is held. */
  set(): void {
    rmSync(`${this.#file}.reached`, { force: true });
    writeFileSync(this.#file, "");
  }

  /** Waits until there is one, and gives its pid. */
  reached(): Promise<number> {
    return until("somebody is held", () => existsSync(`${this.#file}.reached`) && (Number(readFileSync(`${this.#file}.reached`, "utf8")) || false));
  }

  release(): void {
    rmSync(this.#file);
  }
}

/** A Sentry, perhaps a copy in that folder, of which images or trials can be held. `configure` writes its configuration anew. */
export function startHeld(t: Pick<TestContext, "after">, word: "--handover" | "--try", entries: string, processEvents = true, installed: string | null = null) {
  const site = new Site(t);
  if (installed !== null) site.install(installed);
  const configure = (some: string) =>
    site.write("sample.ts", `import { entry, sentry } from "sentryd";\nexport default sentry([${some}], { http: false, processEvents: ${processEvents} });\n`);
  configure(entries);
  const hold = new Hold(site, word);
  return { site, hold, configure, sentry: site.start(undefined, { env: hold.env }) };
}
