/** Processes beside the supervised ones: the keepers, which must be gone at the end, and a stranger, which must not. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";

import type { Site } from "../../support/site.ts";
import { keepersOf, startOf } from "./found.ts";

/** All keepers that were ever seen, each with its start: a number alone may be another's by the end. */
export class Keepers {
  readonly #seen = new Map<number, string | null>();

  get any(): boolean {
    return this.#seen.size > 0;
  }

  /** Those that hold something for these processes now. */
  see(pids: readonly number[]): number[] {
    const found = keepersOf(pids);
    for (const keeper of found) this.#seen.set(keeper, startOf(keeper));
    return found;
  }

  left(): number[] {
    return [...this.#seen].filter(([keeper, start]) => start !== null && startOf(keeper) === start).map(([keeper]) => keeper);
  }
}

/** Somebody else's child, which looks like one of ours. No signal may ever reach it. */
export function decoyIn(site: Site, folder: string): ChildProcess {
  const env = site.env({ SENTRY_ENTRY: "steady", SENTRY_SLOT: "0", SENTRY_RUN: "0123456789abcdef.1" });
  return spawn(site.path("life"), [folder, "1", "ever", "dies", "whole"], { env, stdio: "ignore", detached: true });
}
