/** A stranger's machine: an empty folder, somebody's npm, and nothing of this checkout but the tarball. */
import { execFileSync, spawnSync } from "node:child_process";
import { chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { TestContext } from "node:test";

export const root = join(import.meta.dirname, "../../..");
const nobody = 65534;

export interface Result { status: number | null; stdout: string; stderr: string }

export interface Stranger {
  readonly folder: string;
  run(program: string, args: string[], more?: Record<string, string>): Result;
}

/** Packs what a folder holds, as `npm publish` would, and gives the tarball's path. */
export function pack(folder: string, destination: string): string {
  const made = execFileSync("npm", ["pack", "--ignore-scripts", "--json", "--pack-destination", destination], { cwd: folder, encoding: "utf8" });
  const [{ filename }] = JSON.parse(made) as [{ filename: string }];
  return join(destination, filename);
}

export function temporary(t: TestContext | undefined): string {
  const folder = mkdtempSync(join(tmpdir(), "sentryd-package-"));
  t?.after(() => { rmSync(folder, { recursive: true }); });
  return folder;
}

export interface Circumstances {
  /** The only programs on the PATH. Left out: whatever this machine has. */
  programs?: string[];
  /** Not as root, if this test is. */
  ordinary?: boolean;
}

export function stranger(t: TestContext, { programs, ordinary = false }: Circumstances = {}): Stranger {
  const home = temporary(t);
  const folder = join(home, "project");
  mkdirSync(folder);
  writeFileSync(join(folder, "package.json"), "{}\n");
  const path = programs === undefined ? process.env["PATH"] ?? "" : only(programs, join(home, "bin"));
  const user = ordinary && process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : {};
  if ("uid" in user) for (const each of [home, folder, join(folder, "package.json")]) chownSync(each, nobody, nobody);
  const env = { ...environment(), PATH: path, HOME: home, npm_config_cache: join(home, "cache") };
  return {
    folder,
    run: (program, args, more = {}) =>
      spawnSync(program, args, { cwd: folder, env: { ...env, ...more }, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], timeout: 240_000, ...user }),
  };
}

/** Links to these programs, wherever this machine has them. */
function only(programs: string[], bin: string): string {
  mkdirSync(bin);
  for (const program of programs) {
    const [found] = execFileSync("which", [program], { encoding: "utf8" }).split("\n");
    if (found !== undefined) symlinkSync(found, join(bin, program));
  }
  return bin;
}

/** Without what an `npm run` around this test left there; where the headers of Node are stays known. */
function environment(): Record<string, string | undefined> {
  const bins = (process.env["PATH"] ?? "").split(delimiter).filter((each) => !each.includes("node_modules"));
  const kept = Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_TEST|INIT_CWD)/.test(name) || name === "npm_config_nodedir");
  return { ...Object.fromEntries(kept), PATH: bins.join(delimiter) };
}

export const version: string = (JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string }).version;
