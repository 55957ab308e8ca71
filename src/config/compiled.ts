/** What both ways of compiling end in. */
import { resolve } from "node:path";
import { compiledName } from "./place.ts";

export interface Compiled {
  /** An ES module that imports nothing but Node's own modules and file URLs; with its source map and name inside. */
  code: string;
  /** Real paths of all files that it was made from, and of those that it imports. Ours are not among them. */
  inputs: string[];
}

/** As much of esbuild's metafile as is used. */
export interface Metafile {
  inputs: Record<string, { imports: { path: string; external?: boolean }[] }>;
}

/** A real path. Everything is said of this file. */
export interface Source {
  path: string;
  folder: string;
  /** The module that `sentryd` stands for, wherever the configuration is. */
  door: string;
}

/** Options of both ways. A tsconfig.json that happens to lie above must not change what a configuration means. */
export const target = "node20";
export const tsconfig = "{}";

/** `import.meta` of a file, as Node would fill it in. */
export function metaOf(path: string, url: string): string {
  return JSON.stringify({ url, filename: path, dirname: resolve(path, "..") });
}

/**
 * Puts map and name into the code. The sources become absolute paths: esbuild writes them as URLs, relative to a folder
 * that is gone by then.
 */
export function seal(code: string, map: string, mapFolder: string, path: string): string {
  const parsed = JSON.parse(map) as { sources: string[] };
  const sources = parsed.sources.map((source) => resolve(mapFolder, decodeURIComponent(source)));
  const encoded = Buffer.from(JSON.stringify({ ...parsed, sources })).toString("base64");
  const body = code.replace(/\n\/\/# sourceMappingURL=[^\n]*\n*$/, "");
  return `${body}\n//# sourceMappingURL=data:application/json;base64,${encoded}\n//# sourceURL=${compiledName(path)}\n`;
}

/** Inputs are relative to the folder; one imported with attributes has them after its name; definitions are among them. */
export function filesOf(metafile: Metafile, source: Source): string[] {
  const inputs = Object.keys(metafile.inputs).filter((input) => !isDefinition(input));
  const names = inputs.map((input) => input.replace(/ with \{.*\}$/, ""));
  return [...new Set(names.map((input) => resolve(source.folder, input)))].filter((file) => !isOurs(file, source));
}

export function isDefinition(input: string): boolean {
  return input.startsWith("<define:");
}

/** What `sentryd` stands for, and what that imports. */
export function isOurs(file: string, { door }: Source): boolean {
  return file.startsWith(resolve(door, "..") + "/");
}
