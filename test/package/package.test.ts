/** What a stranger gets. Needs dist/ and prebuilds/: `npm run test:package` makes them first. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { pack, root, stranger, temporary, version, type Stranger } from "./stranger.ts";

const shelf = temporary(undefined);
after(() => { rmSync(shelf, { recursive: true }); });
const tarball = pack(root, shelf);
/** Enough for npm, and no compiler, make or python among it. */
const noCompiler = ["node", "npm", "npx", "sh", "env", "echo", "sleep"];

function install(who: Stranger, what: string, ...options: string[]): void {
  const { status, stdout, stderr } = who.run("npm", ["install", "--no-audit", "--no-fund", ...options, what]);
  assert.equal(status, 0, stdout + stderr);
}

/** That the command is there, and keeps a program running: until it has seen it start and exit. */
function works(who: Stranger): void {
  const told = who.run("npx", ["sentryd", "--version"]);
  assert.equal(told.stdout.trim(), version, told.stderr);
  writeFileSync(join(who.folder, "sentry.ts"), [
    'import { entry, sentry } from "sentryd";',
    'export default sentry([entry("dummy", "sh", ["-c", "echo a line; exit 3"], 10000, 1)]);',
  ].join("\n"));
  // timeout(1) is not among a stranger's programs: node ends what it has started once it has seen enough.
  const { status, stdout, stderr } = who.run("node", ["--input-type=module", "-e", watch]);
  assert.equal(status, 0, stdout + stderr);
  assert.match(stdout, /dummy\.\d+ +Started at \d+\.\n.*dummy\.\d+ +a line\n.*dummy\.\d+ +Exited at \d+ with ExitFailure 3\.\n/);
}

/** That the keeper can be executed: without a socket to listen at it ends at once, with 2. */
function runs(who: Stranger, keeper: string): void {
  const { status, stderr } = who.run(join(who.folder, "node_modules/sentryd", keeper), []);
  assert.equal(status, 2, stderr);
}

const watch = `
  import { spawn } from "node:child_process";
  const sentry = spawn("node_modules/.bin/sentry", ["start"], { stdio: ["ignore", "pipe", "inherit"] });
  let stopped = false;
  sentry.stdout.on("data", (data) => {
    process.stdout.write(data);
    if (!stopped && String(data).includes("Exited")) stopped = sentry.kill();
  });
  sentry.on("exit", (code) => { process.exitCode = code ?? 1; });
`;

test("the tarball holds what runs and what it is built from, and nothing else", (t) => {
  const folder = temporary(t);
  execFileSync("tar", ["-xzf", tarball, "-C", folder]);
  const files = readdirSync(join(folder, "package"), { recursive: true, withFileTypes: true })
    .filter((each) => each.isFile())
    .map((each) => join(each.parentPath, each.name));
  const names = files.map((file) => file.slice(join(folder, "package").length + 1));
  for (const needed of ["dist/cli.cjs", "dist/cli.js", "dist/alone.js", "dist/index.js", "dist/evaluate.js", "dist/http.js", "dist/openapi.json", "dist/functions-worker.js", "dist/hooks-worker.js", "dist/calendar.js", "dist/globs.js", "dist/types/index.d.ts",
    "native/sources.txt", "native/addon.cc", "binding.gyp", "LICENSE", "docs/monitoring.md", "examples/prometheus.yml", "prebuilds/linux-x64/sentryd.glibc.node", "prebuilds/linux-x64/sentry-keeper"]) {
    assert.ok(names.includes(needed), `${needed} is missing`);
  }
  const known = /^(dist\/([\w-]+\.js|cli\.cjs|openapi\.json|NOTICES|types\/.*\.d\.ts)|native\/(\w+\.(h|cc|c)|sources\.txt)|prebuilds\/linux-(x64|arm64)\/[\w.-]+|docs\/\w+\.md|examples\/[\w-]+\.\w+|binding\.gyp|package\.json|LICENSE|README\.md)$/;
  assert.deepEqual(names.filter((name) => !known.test(name)), []);
  for (const file of files) {
    const text = readFileSync(file, "latin1");
    for (const place of [root, homedir()]) assert.ok(!text.includes(`${place}/`), `${file} names a folder of the machine that made it`);
  }
  assert.ok(statSync(tarball).size < 2_000_000, `${statSync(tarball).size} bytes`);
});

test("it installs into an empty folder and runs with no compiler on the PATH", (t) => {
  const who = stranger(t, { programs: noCompiler });
  install(who, tarball);
  works(who);
  assert.ok(!existsSync(join(who.folder, "node_modules/sentryd/build")), "it was built");
  runs(who, "prebuilds/linux-x64/sentry-keeper");
});

test("an npm that runs no install scripts changes nothing where a prebuild fits", (t) => {
  const who = stranger(t, { programs: noCompiler });
  install(who, tarball, "--ignore-scripts");
  works(who);
});

test("an ordinary user can install and run it", (t) => {
  const who = stranger(t, { programs: noCompiler, ordinary: true });
  const copy = join(who.folder, "sentryd.tgz");
  writeFileSync(copy, readFileSync(tarball));
  install(who, copy);
  works(who);
});

test("where no prebuild fits it is built on install", (t) => {
  const folder = temporary(t);
  execFileSync("tar", ["-xzf", tarball, "-C", folder]);
  rmSync(join(folder, "package/prebuilds"), { recursive: true });
  const who = stranger(t);
  install(who, pack(join(folder, "package"), folder));
  assert.ok(existsSync(join(who.folder, "node_modules/sentryd/build/Release/sentry.node")));
  runs(who, "build/Release/sentry-keeper");
  works(who);
});

test("a musl system does not take a glibc binary for its own", (t) => {
  const who = stranger(t);
  install(who, tarball, "--ignore-scripts");
  const choose = 'console.log(require("node-gyp-build").path("node_modules/sentryd"))';
  assert.match(who.run("node", ["-e", choose], { LIBC: "glibc" }).stdout, /prebuilds\/linux-/);
  assert.match(who.run("node", ["-e", choose], { LIBC: "musl" }).stderr, /No native build was found .*libc=musl/);
});

test("an editor gets the types, in a strict project of either kind", (t) => {
  const who = stranger(t);
  install(who, tarball, "--ignore-scripts");
  writeFileSync(join(who.folder, "good.ts"), 'import { entry, sentry } from "sentryd";\nexport default sentry([entry("web", "node", ["server.js"], { count: 4, delay: "10s" })]);\n');
  writeFileSync(join(who.folder, "bad.ts"), 'import { entry } from "sentryd";\nentry("web", "node", [], { cuont: 4 });\n');
  const tsc = join(root, "node_modules/.bin/tsc");
  for (const kind of [["--module", "nodenext"], ["--module", "esnext", "--moduleResolution", "bundler"]]) {
    const check = (file: string): ReturnType<Stranger["run"]> => who.run(tsc, ["--noEmit", "--strict", "--types", "", "--skipLibCheck", "false", ...kind, file]);
    const good = check("good.ts");
    assert.equal(good.status, 0, good.stdout);
    assert.match(check("bad.ts").stdout, /'cuont' does not exist.*Did you mean to write 'count'/);
  }
});
