/**
 * By what a Sentry of a test may know its own: as root with a cgroup for each run, as root where there is no cgroup v2, and
 * as an ordinary user, to whom none was delegated. Where the machine, or whoever runs the tests, cannot have one of them,
 * `skip` says why.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import type { Sentry } from "./sentry.ts";
import { history } from "./shown.ts";
import type { Site } from "./site.ts";

export interface Footing {
  readonly name: string;
  readonly skip: string | false;
  /** To be called before anything is written to the site. */
  readonly prepare: (site: Site) => void;
  readonly start: (site: Site) => Sentry;
}

const isRoot = process.getuid?.() === 0;
const mounts = readFileSync("/proc/self/mounts", "utf8").split("\n").map((line) => line.split(" "))
  .filter(([, , type]) => type === "cgroup2").map(([, at = ""]) => at);

const keep = (): void => {};
const plainly = (site: Site): Sentry => site.start();

/** The mounts are undone in a namespace of that Sentry's own. */
const unmounting = `for m in ${mounts.join(" ")}; do umount -l $m || exit 98; done; exec "$@"`;

function withoutCgroups(site: Site): Sentry {
  return site.open("unshare", ["-m", "sh", "-c", unmounting, "sh", ...site.command("start", "sample.ts")]);
}

function hasCgroups(): boolean {
  const own = /^0::(.*)$/m.exec(readFileSync("/proc/self/cgroup", "utf8"))?.[1];
  return own !== undefined && mounts.some((at) => {
    try {
      accessSync(join(at, own), constants.W_OK);
      return existsSync(join(at, own, "cgroup.procs"));
    } catch {
      return false;
    }
  });
}

function hasNamespaces(): boolean {
  try {
    execFileSync("unshare", ["-m", "true"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

export const CGROUPS: Footing = {
  name: "as root with cgroups", prepare: keep, start: plainly,
  skip: !isRoot ? "only as root" : !hasCgroups() && "there is no writable cgroup v2 here",
};
export const NO_CGROUPS: Footing = {
  name: "as root without cgroups", prepare: keep, start: mounts.length === 0 ? plainly : withoutCgroups,
  skip: !isRoot ? "only as root" : mounts.length > 0 && !hasNamespaces() && "cgroups cannot be hidden here",
};
export const ORDINARY: Footing = {
  name: "as an ordinary user", prepare: (site) => site.becomeOrdinary(), start: plainly, skip: false,
};

export const FOOTINGS: readonly Footing[] = [CGROUPS, NO_CGROUPS, ORDINARY];

/** Whether it stands on what it was to stand on: otherwise the test would tell nothing. */
export function standsOn(footing: Footing, site: Site): void {
  if (footing === ORDINARY && !isRoot) return; // something may be delegated to whoever runs the tests
  for (const { identity } of history(site, "started") as unknown as { identity: { cgroup: string | null } }[]) {
    assert.equal(identity.cgroup !== null, footing === CGROUPS, `the cgroup is ${identity.cgroup}`);
  }
}
