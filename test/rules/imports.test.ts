/** The rules of the tree are kept by the linter and by tsc, not by goodwill. Here both are shown what they must refuse. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";

const root = join(import.meta.dirname, "../../..");
const tool = (name: string): string => join(root, "node_modules/.bin", name);

/** A tree with this project's rules, and these files in it. */
function tree(t: TestContext, files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), "rules-"));
  t.after(() => { rmSync(folder, { recursive: true }); });
  for (const file of [".oxlintrc.json", "tsconfig.json"]) cpSync(join(root, file), join(folder, file));
  for (const part of ["core", "engine", "native", "output", "probes", "triggers", "config", "survival", "http", "cli"]) {
    mkdirSync(join(folder, "src", part), { recursive: true });
    cpSync(join(root, "src", part, "tsconfig.json"), join(folder, "src", part, "tsconfig.json"));
  }
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), `${text}\n`);
  }
  return folder;
}

interface Report { diagnostics: { code: string; filename: string }[] }

/** What the linter refuses: `file rule`, each once. */
function refusals(folder: string): string[] {
  const { stdout, stderr } = spawnSync(tool("oxlint"), ["--type-aware", "--format=json", "src"], { cwd: folder, encoding: "utf8" });
  assert.notEqual(stdout, "", stderr);
  const report = JSON.parse(stdout) as Report;
  const told = report.diagnostics.filter(({ filename }) => filename.endsWith(".ts"));
  return [...new Set(told.map(({ filename, code }) => `${filename} ${code.replace(/.*\((.*)\)/, "$1")}`))].sort();
}

test("no part may import one that is further out", (t) => {
  const upward: Record<string, string> = {
    "src/core/a.ts": 'export * from "../engine/a.ts";',
    "src/core/b.ts": 'export * from "node:fs";',
    "src/core/c.ts": 'export * from "../errors.ts";',
    "src/engine/a.ts": 'export * from "../native/a.ts";',
    "src/engine/b.ts": 'export const late = import("../http/a.ts");',
    "src/native/b.ts": 'export * from "../output/a.ts";',
    "src/output/b.ts": 'export * from "../native/a.ts";',
    "src/config/b.ts": 'export * from "../cli/a.ts";',
    "src/probes/b.ts": 'export * from "../native/a.ts";',
    "src/triggers/b.ts": 'export * from "../probes/a.ts";',
    "src/survival/b.ts": 'export * from "../native/a.ts";',
    "src/survival/c.ts": 'export * from "../errors.ts";',
    "src/http/b.ts": 'export * from "../native/a.ts";',
    "src/http/routes/c.ts": 'export * from "../../config/a.ts";',
    "src/cli/stop.ts": 'export * from "../engine/a.ts";',
  };
  const innocent = { "src/native/a.ts": 'export * from "../core/d.ts";', "src/core/d.ts": "export const d = 1;", "src/cli/a.ts": 'export * from "../native/a.ts";' };
  assert.deepEqual(refusals(tree(t, { ...upward, ...innocent })), Object.keys(upward).map((file) => `${file} no-restricted-imports`).sort());
});

test("core may not ask the time, wait, or throw dice", (t) => {
  const sources: Record<string, string> = {
    "src/core/date.ts": "export const now = Date.now();",
    "src/core/performance.ts": "export const now = performance.now();",
    "src/core/timer.ts": "export const timer = setTimeout(() => 1, 1);",
    "src/core/process.ts": "export const here = process.cwd();",
  };
  const expected = Object.keys(sources).map((file) => `${file} no-restricted-globals`);
  sources["src/core/dice.ts"] = "export const dice = Math.random();";
  assert.deepEqual(refusals(tree(t, sources)), [...expected, "src/core/dice.ts no-restricted-properties"].sort());
});

test("modules may not import each other in a circle, leave a promise alone, or end the process", (t) => {
  assert.deepEqual(refusals(tree(t, {
    "src/engine/a.ts": 'import { b } from "./b.ts"; export const a = (): unknown => b;',
    "src/engine/b.ts": 'import { a } from "./a.ts"; export const b = (): unknown => a;',
    "src/engine/c.ts": "const late = async (): Promise<number> => 1; late();",
    "src/cli/start.ts": "process.exit(1);",
    "src/cli/main.ts": "process.exit(1);",
  })), ["src/cli/start.ts no-restricted-properties", "src/engine/a.ts no-cycle", "src/engine/b.ts no-cycle", "src/engine/c.ts no-floating-promises"]);
});

test("tsc itself knows no timers in core, and no way out of it", (t) => {
  const folder = tree(t, {
    "src/core/a.ts": 'export * from "../engine/b.ts"; export const timer = setTimeout(() => 1, 1);',
    "src/engine/b.ts": "export const b = 1;",
  });
  const { status, stdout } = spawnSync(tool("tsc"), ["-b", "src/core"], { cwd: folder, encoding: "utf8" });
  assert.notEqual(status, 0);
  assert.match(stdout, /a\.ts\(1,15\): error TS6307: /);
  assert.match(stdout, /Cannot find name 'setTimeout'/);
});
