/**
 * Compiles a configuration that imports packages, and explains why one cannot be compiled. Packages are not bundled:
 * what a bare import means is asked of Node, for the file that imports it, and the file URL is put in its place. So the
 * program can be evaluated from anywhere, and a package is what it would be if Node had loaded the file itself. What is
 * imported by a file URL is left to Node in the same way.
 */
import { realpathSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire, isBuiltin } from "node:module";
import { extname } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import * as esbuild from "esbuild";
import { Complaint } from "./complaint.ts";
import { filesOf, isOurs, metaOf, seal, target, tsconfig, type Compiled, type Source } from "./compiled.ts";

export async function compileWithPackages(source: Source): Promise<Compiled> {
  const packages = new Set<string>();
  try {
    const { metafile, outputFiles } = await esbuild.build({
      entryPoints: [source.path], absWorkingDir: source.folder, outfile: `${source.path}.js`, write: false,
      metafile: true, bundle: true, format: "esm", platform: "node", target, tsconfigRaw: tsconfig,
      loader: loaderFor(source.path), charset: "utf8", sourcemap: "external", sourcesContent: false, logLevel: "silent",
      plugins: [bareImports(source.door, packages), importMeta(source)],
    });
    const output = (kind: string) => outputFiles.find((file) => file.path.endsWith(kind))?.text ?? "";
    return {
      code: seal(output(".js"), output(".map"), source.folder, source.path),
      inputs: [...filesOf(metafile, source), ...await filesBehind([...packages])],
    };
  } catch (error) {
    const first = (error as Partial<esbuild.BuildFailure>).errors?.[0];
    throw new Complaint(first === undefined ? String(error) : sentenceOf(first));
  } finally {
    await esbuild.stop();
  }
}

function bareImports(door: string, packages: Set<string>): esbuild.Plugin {
  return {
    name: "bare imports",
    setup(build) {
      build.onResolve({ filter: /^[^./]/ }, ({ path, importer, kind }) => {
        if (kind === "entry-point" || isBuiltin(path)) return null;
        if (path === "sentryd") return { path: door };
        if (/^(?:data|node):/.test(path)) return { path, external: true };
        try {
          const url = kind === "require-call" || kind === "require-resolve"
            ? pathToFileURL(createRequire(importer).resolve(path)).href
            : import.meta.resolve(path, pathToFileURL(importer).href);
          packages.add(realpathSync(fileURLToPath(url)));
          return { path: kind === "require-call" ? fileURLToPath(url) : url, external: true };
        } catch (error) {
          // Node says so when the import is reached, and the program may have an answer to that. By its URL it could get a
          // file that has come meanwhile, and that nobody has looked at; a path cannot be imported from a program in memory.
          if (kind === "dynamic-import") return { path: path.replace(/^file:/i, ""), external: true };
          if (kind !== "import-statement") return { path, external: true };
          return { errors: [{ text: `cannot resolve "${path}": ${(error as Error).message}` }] };
        }
      });
    },
  };
}

/** Every file gets the `import.meta` that it would have had alone. */
function importMeta(source: Source): esbuild.Plugin {
  return {
    name: "import.meta",
    setup(build) {
      build.onLoad({ filter: /./ }, async ({ path }) => {
        const extension = /\.[cm]?([jt]s)$/.exec(path)?.[1] ?? (path === source.path ? "ts" : null);
        if (extension === null || isOurs(path, source)) return null;
        const text = await readFile(path, "utf8");
        if (!text.includes("import.meta")) return null;
        const meta = metaOf(path, pathToFileURL(path).href);
        const { code } = await esbuild.transform(text, {
          loader: extension as "js" | "ts", format: "esm", target, tsconfigRaw: tsconfig, charset: "utf8",
          sourcemap: "inline", sourcesContent: false, sourcefile: path, define: { "import.meta": meta },
        });
        return { contents: code, loader: "js" };
      });
    },
  };
}

function loaderFor(path: string): Record<string, esbuild.Loader> {
  return /\.[cm]?[jt]s$/.test(path) ? {} : { [extname(path)]: "ts" };
}

/** esbuild's message with its place and excerpt. Its columns count from 0. */
function sentenceOf({ text, location }: esbuild.Message): string {
  if (location === null) return text;
  const { file, line, column, lineText, length } = location;
  const margin = String(line).length;
  return [
    `${file}:${line}:${column + 1}: ${text}`,
    `  ${line} | ${withoutTexts(lineText)}`,
    `  ${" ".repeat(margin)} | ${" ".repeat(column)}${"^".repeat(Math.max(1, length))}`,
  ].join("\n");
}

/** What stands in quotes may be a secret, and whoever may ask for a reload is shown the excerpt. Columns stay. */
function withoutTexts(line: string): string {
  return line.replace(/(["'`])(?:\\.|(?!\1).)*/g, (text, quote: string) => quote + "·".repeat(text.length - 1));
}

/** All files that packages load in their turn, so that root can see whose they are. */
async function filesBehind(packages: string[]): Promise<string[]> {
  if (process.geteuid?.() !== 0 || packages.length === 0) return packages;
  const { metafile } = await esbuild.build({
    entryPoints: packages, absWorkingDir: "/", outdir: "/", write: false, metafile: true, bundle: true, format: "esm",
    platform: "node", conditions: [], target, tsconfigRaw: tsconfig, logLevel: "silent", plugins: [toleratingGaps],
  });
  const files = Object.keys(metafile.inputs).filter((input) => !input.startsWith("(disabled)"));
  return [...packages, ...files.map((input) => `/${input}`)];
}

/** What a package imports and has not got is an error only for who reaches it, and not all that it has is JavaScript. */
const toleratingGaps: esbuild.Plugin = {
  name: "tolerating gaps",
  setup(build) {
    build.onResolve({ filter: /./ }, async ({ path, kind, importer, resolveDir, pluginData }) => {
      if (kind === "entry-point" || pluginData === toleratingGaps) return null;
      const file = path.startsWith("file:") ? fileURLToPath(path) : path;
      const found = await build.resolve(file, { kind, importer, resolveDir, pluginData: toleratingGaps });
      return found.errors.length > 0 ? { path, external: true } : found;
    });
    build.onLoad({ filter: /./ }, ({ path }) => /\.(?:[cm]?[jt]s|json)$/.test(path) ? null : { contents: "" });
  },
};
