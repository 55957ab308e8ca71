/**
 * Compiles a configuration. Most need no more than esbuild's binary, run once: 3 ms, where its JavaScript interface
 * takes 30 to load. What that cannot do right (packages, `import.meta` of several files, errors with their excerpt)
 * is done again by packages.ts.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, realpathSync, rmdirSync, unlinkSync } from "node:fs";
import { createRequire, isBuiltin } from "node:module";
import { tmpdir } from "node:os";
import { dirname, extname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Compiled, Metafile, Source } from "./compiled.ts";
import { filesOf, isDefinition, metaOf, seal, target, tsconfig } from "./compiled.ts";

/** @param path real path of the configuration */
export async function compile(path: string): Promise<Compiled> {
  const source = { path, folder: dirname(path), door: doorPath() };
  return compileAlone(source) ?? await (await import("./packages.ts")).compileWithPackages(source);
}

/** Null where the other way has to be taken. */
function compileAlone(source: Source): Compiled | null {
  let folder: string;
  try {
    folder = mkdtempSync(join(realpathSync(tmpdir()), "sentry-"));
  } catch {
    return null; // a full or read-only disk: the other way needs none
  }
  try {
    return run(source, folder);
  } finally {
    // Not rmSync: what it loads to remove trees costs a millisecond.
    for (const name of readdirSync(folder)) unlinkSync(join(folder, name));
    rmdirSync(folder);
  }
}

function run(source: Source, scratch: string): Compiled | null {
  const out = join(scratch, "config.js");
  const report = join(scratch, "report.json");
  const url = pathToFileURL(source.path).href;
  const { status } = spawnSync(esbuild(), [
    source.path, "--bundle", "--format=esm", "--platform=node", "--packages=external", `--target=${target}`,
    `--alias:sentryd=${source.door}`, `--define:import.meta=${metaOf(source.path, url)}`, `--tsconfig-raw=${tsconfig}`,
    ...loaderOf(source.path), "--charset=utf8", "--sourcemap=external", "--sources-content=false", "--log-level=silent",
    `--outfile=${out}`, `--metafile=${report}`,
  ], { cwd: source.folder, stdio: "ignore" });
  if (status !== 0) return null;
  const metafile = JSON.parse(readFileSync(report, "utf8")) as Metafile;
  const imports = Object.values(metafile.inputs).flatMap((input) => input.imports);
  if (imports.some((one) => one.external === true && !isBuiltin(one.path) && !isDefinition(one.path))) return null;
  const inputs = filesOf(metafile, source);
  const others = inputs.filter((file) => file !== source.path);
  if (others.some((file) => readFileSync(file, "utf8").includes("import.meta"))) return null;
  return { code: seal(readFileSync(out, "utf8"), readFileSync(`${out}.map`, "utf8"), scratch, source.path), inputs };
}

/** A configuration is TypeScript, whatever it is called; what has a meaning of its own keeps it. */
export function loaderOf(path: string): string[] {
  const extension = extname(path);
  return [".ts", ".mts", ".cts", ".js", ".mjs", ".cjs"].includes(extension) ? [] : [`--loader:${extension}=ts`];
}

/** The binary lies in a package of its own, one for each architecture, that only esbuild's package can name. */
function esbuild(): string {
  const require = createRequire(import.meta.url);
  const paths = [require.resolve("esbuild/package.json")];
  return require.resolve(`@esbuild/linux-${process.arch}/bin/esbuild`, { paths });
}

/** Our own index.js: beside this file in the package, above it where the sources are compiled one by one. */
function doorPath(): string {
  const beside = fileURLToPath(new URL("./index.js", import.meta.url));
  return realpathSync(existsSync(beside) ? beside : fileURLToPath(new URL("../index.js", import.meta.url)));
}
