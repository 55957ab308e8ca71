/** Files that change, in all the ways in which programs change files. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs, { mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";

import { FileWatch } from "../../src/triggers/file-watch.ts";
import { Files } from "../../src/triggers/files.ts";
import { patternOf } from "../../src/triggers/globs.ts";
import { until } from "../support/until.ts";

interface Site {
  readonly folder: string;
  readonly changed: { entry: string; file: string }[];
  readonly told: string[];
  readonly watch: FileWatch;
  write(path: string, text?: string): void;
  /** What is told of these changes. Another file that is watched is written at the end: what is told by then is all. */
  of(what: () => void): Promise<string[]>;
}

/** Globs are relative to the folder, or absolute. Files are there before all begins. */
async function site(t: TestContext, globs: string[], files: string[] = [], own: string[] = []): Promise<Site> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "sentry-watch-")));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const write = (path: string, text = `${performance.now()}`): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  files.forEach((file) => write(file));
  const mark = join(realpathSync(mkdtempSync(join(tmpdir(), "sentry-mark-"))), "mark");
  t.after(() => rmSync(dirname(mark), { recursive: true }));
  writeFileSync(mark, "");
  const changed: { entry: string; file: string }[] = [];
  const told: string[] = [];
  const watch = new FileWatch({
    folder, own: own.map((path) => join(folder, path)), printed: [], load: async () => ({ patternOf }),
    post: (facts) => { for (const fact of facts) if (fact.kind === "changed") changed.push(fact); },
    tell: (text) => { told.push(text); }, bug: (error) => { throw error; },
  });
  t.after(() => watch.close());
  const absolute = globs.map((glob) => (glob.startsWith("/") ? glob : join(folder, glob)));
  await watch.begin([{ entry: "web", globs: absolute }, { entry: "mark", globs: [mark] }]);
  return {
    folder, changed, told, watch, write,
    async of(what) {
      const before = changed.length;
      what();
      writeFileSync(mark, `${performance.now()}`);
      await until("the mark is told", () => changed.slice(before).some(({ entry }) => entry === "mark"), () => told.join("\n"));
      return changed.slice(before).filter(({ entry }) => entry === "web").map(({ file }) => file);
    },
  };
}

test("a file that is written is told, by its name as seen from the configuration", async (t) => {
  const { of, write } = await site(t, ["src/**/*.js"], ["src/a.js", "src/deep/er/b.js", "src/a.txt"]);
  assert.deepEqual(await of(() => write("src/a.js")), ["src/a.js"]);
  assert.deepEqual(await of(() => write("src/deep/er/b.js")), ["src/deep/er/b.js"]);
  assert.deepEqual(await of(() => write("src/a.txt")), [], "it does not match");
});

test("many changes at once are told once: the first one, and how many more there are", async (t) => {
  const { of, write } = await site(t, ["src/**"], ["src/a", "src/b"]);
  assert.deepEqual(await of(() => { for (const file of ["src/b", "src/a", "src/new/c", "src/b"]) write(file); }), ["src/b and 2 more"]);
});

test("where something is written without an end, it is told all the same", async (t) => {
  const { changed, write } = await site(t, ["src/*"], ["src/a"]);
  await until("it is told while it is written", () => {
    write("src/a");
    return changed.length > 1;
  });
});

test("files that are new, gone, replaced by another, or renamed are changes", async (t) => {
  const { of, write, folder } = await site(t, ["src/*.js"], ["src/a.js"]);
  const path = (name: string): string => join(folder, "src", name);
  assert.deepEqual(await of(() => write("src/b.js")), ["src/b.js"]);
  assert.deepEqual(await of(() => unlinkSync(path("b.js"))), ["src/b.js"]);
  assert.deepEqual(await of(() => { write("src/a.tmp"); renameSync(path("a.tmp"), path("a.js")); }), ["src/a.js"]);
  assert.deepEqual(await of(() => write("src/a.js")), ["src/a.js"], "and the new one is watched");
  assert.deepEqual(await of(() => renameSync(path("a.js"), path("z.js"))), ["src/a.js and 1 more"]);
});

test("a folder that is removed and made again is watched again", async (t) => {
  const { of, write, folder } = await site(t, ["dist/**"], ["dist/sub/a.js", "dist/b.js"]);
  const rebuild = (): void => {
    rmSync(join(folder, "dist"), { recursive: true });
    for (const file of ["dist/sub/a.js", "dist/b.js"]) write(file);
  };
  for (const _ of [1, 2]) {
    assert.equal((await of(rebuild)).length, 1);
    assert.deepEqual(await of(() => write("dist/sub/a.js")), ["dist/sub/a.js"]);
    assert.deepEqual(await of(() => write("dist/b.js")), ["dist/b.js"]);
    assert.deepEqual(await of(() => write("dist/sub/new/c.js")), ["dist/sub/new/c.js"]);
  }
});

test("a folder that is not there yet is told, and watched once it is", async (t) => {
  const { of, write, told, folder } = await site(t, ["not/yet/there/*.js"]);
  assert.deepEqual(told, [`web is to be restarted when ${folder}/not/yet/there changes, which is not there yet.`]);
  assert.deepEqual(await of(() => mkdirSync(join(folder, "not"))), []);
  assert.deepEqual(await of(() => write("not/yet/there/a.js")), ["not/yet/there/a.js"]);
  assert.deepEqual(await of(() => write("not/yet/there/a.js")), ["not/yet/there/a.js"]);
});

test("files outside the configuration's folder are named in full", async (t) => {
  const elsewhere = realpathSync(mkdtempSync(join(tmpdir(), "sentry-elsewhere-")));
  t.after(() => rmSync(elsewhere, { recursive: true }));
  const { of } = await site(t, [join(elsewhere, "conf/*.json")]);
  mkdirSync(join(elsewhere, "conf"));
  assert.deepEqual(await of(() => writeFileSync(join(elsewhere, "conf/a.json"), "1")), [join(elsewhere, "conf/a.json")]);
});

test("a path without a glob is that file, or all in that folder", async (t) => {
  const { of, write } = await site(t, ["app.js", "lib"], ["app.js", "app.jsx", "lib/x/y.txt"]);
  assert.deepEqual(await of(() => write("app.jsx")), []);
  assert.deepEqual(await of(() => write("app.js")), ["app.js"]);
  assert.deepEqual(await of(() => write("lib/x/y.txt")), ["lib/x/y.txt"]);
  assert.deepEqual(await of(() => write("lib/node_modules/y.txt")), []);
});

test("node_modules, .git and all that is hidden count only where a glob names them", async (t) => {
  const files = ["node_modules/x/a.js", ".git/b.js", ".env", "src/.cache/c.js", "src/d.js"];
  const { of, write } = await site(t, ["**"], files);
  assert.deepEqual(await of(() => { for (const file of files.slice(0, 4)) write(file); }), []);
  assert.deepEqual(await of(() => write("src/d.js")), ["src/d.js"]);
  const named = await site(t, ["node_modules/x/**", ".env", "src/**/.cache/*"], files);
  for (const file of ["node_modules/x/a.js", ".env", "src/.cache/c.js"]) {
    assert.deepEqual(await named.of(() => named.write(file)), [file]);
  }
});

test("Sentry's own files and the logs of its children count for nothing", async (t) => {
  const { of, write } = await site(t, ["**/*"], ["app.log2"], ["app.pid", "app.run", "app.log", "logs/web-{slot}.log"]);
  const own = ["app.pid", "app.run/state", "app.run/deep/er", "app.log", "app.log.1", "app.log.2.gz", "logs/web-0.log", "logs/web-12.log.1"];
  assert.deepEqual(await of(() => { for (const file of own) write(file); }), []);
  for (const file of ["app.log2", "app.runner", "logs/web-x.log"]) assert.deepEqual(await of(() => write(file)), [file]);
});

test("a link to a file is that file; one to a folder is not followed, so that a circle is no trouble", async (t) => {
  const { of, write, folder, told } = await site(t, ["src/**"], ["real/a.js", "src/b.js"]);
  assert.deepEqual(await of(() => symlinkSync(join(folder, "real/a.js"), join(folder, "src/a.js"))), ["src/a.js"]);
  assert.deepEqual(await of(() => { symlinkSync(".", join(folder, "src/self")); symlinkSync(join(folder, "real"), join(folder, "src/real")); }), []);
  assert.deepEqual(await of(() => write("real/c.js")), []);
  assert.deepEqual(told, []);
});

test("a change that leaves a file as it was is none", async (t) => {
  const { of, folder } = await site(t, ["src/*"], ["src/a.js"]);
  assert.deepEqual(await of(() => execFileSync("chmod", ["600", join(folder, "src/a.js")])), []);
});

test("each entry is told of its own files", async (t) => {
  const { folder, changed, write, watch } = await site(t, ["a/*"], ["a/x", "b/x"]);
  watch.close();
  const two = new FileWatch({
    folder, own: [], printed: [], load: async () => ({ patternOf }), tell: () => {}, bug: (error) => { throw error; },
    post: (facts) => { for (const fact of facts) if (fact.kind === "changed") changed.push(fact); },
  });
  t.after(() => two.close());
  await two.begin([{ entry: "a", globs: [join(folder, "a/*")] }, { entry: "both", globs: [join(folder, "{a,b}/*")] }]);
  write("b/x");
  await until("it is told", () => changed.length > 0);
  write("a/x");
  await until("it is told", () => changed.length > 2);
  assert.deepEqual(changed.map(({ entry, file }) => [entry, file]), [["both", "b/x"], ["a", "a/x"], ["both", "a/x"]]);
});

test("after close nothing is told, also of what has changed before", async (t) => {
  const { watch, write, changed, folder } = await site(t, ["src/*"], ["src/a"]);
  const files: Files = new Files([patternOf(join(folder, "src"))], folder, { hint: () => { isHinted = true; }, trouble: assert.fail });
  let isHinted = false;
  t.after(() => files.close());
  await files.look();
  write("src/a");
  watch.close();
  await until("another one sees the change", () => isHinted);
  assert.deepEqual([await files.look(), changed], [[join(folder, "src/a")], []]);
});

test("where no more can be watched that is told once, and what is watched is watched", async (t) => {
  const real = fs.watch;
  t.after(() => {
    fs.watch = real;
    syncBuiltinESMExports();
  });
  fs.watch = ((...args: Parameters<typeof fs.watch>) => {
    if (/\/[de]$/.test(String(args[0]))) throw Object.assign(new Error("ENOSPC: too many, watch 'd'"), { code: "ENOSPC" });
    return real(...args);
  }) as typeof fs.watch;
  syncBuiltinESMExports();
  const { of, write, told } = await site(t, ["a", "b/*", "d/*", "e/*"], ["a", "b/x", "d/x", "e/x"]);
  for (const file of ["a", "b/x"]) assert.deepEqual(await of(() => write(file)), [file]);
  assert.deepEqual(told, [
    "Not all that is to be watched is: ENOSPC: too many, watch 'd'. Raise the sysctl fs.inotify.max_user_watches, or watch less.",
  ]);
});

test("a backslash makes what would be a glob a name, so that a folder may be called anything", () => {
  for (const name of ["[a]", "{a,b}", "!(x)", "a\\b", "*", "a b", "(x)", "+x", "@", "!x"]) {
    const { base, matches, reaches } = patternOf(`/p/${name.replaceAll(/[\\*?[\]{}()!+@|^$]/g, "\\$&")}/src/**/*.js`);
    assert.equal(base, `/p/${name}/src`);
    assert.ok(matches(`${base}/x/y.js`) && reaches(`${base}/x`) && !matches(`${base}/x/y.ts`), name);
  }
});

test("folders in which nothing can match are not looked into", () => {
  const reached = (glob: string, folders: string[]): string[] => folders.filter(patternOf(glob).reaches);
  assert.deepEqual(reached("/p/*.js", ["/p", "/p/src", "/q", "/"]), ["/p"]);
  assert.deepEqual(reached("/p/*/x/*.js", ["/p", "/p/src", "/p/src/x", "/p/src/y", "/p/src/x/z"]), ["/p", "/p/src", "/p/src/x"]);
  assert.deepEqual(reached("/p/s*/**/*.js", ["/p/src", "/p/lib", "/p/src/a/b", "/p/src/.a", "/p/src/node_modules"]), ["/p/src", "/p/src/a/b"]);
  assert.deepEqual(reached("/p/{src,lib/x}/*.js", ["/p/src", "/p/lib", "/p/lib/x"]), ["/p/src", "/p/lib", "/p/lib/x"]);
  assert.deepEqual(reached("/p/*/!x/!(y)/*.js", ["/p/a/!x", "/p/a/x", "/p/a/!x/z"]), ["/p/a/!x", "/p/a/!x/z"]);
  assert.deepEqual(reached("/**", ["/", "/a/b"]), ["/", "/a/b"]);
  assert.deepEqual(reached("/p/\\[app\\]/**", ["/p/[app]", "/p/[app]/x", "/p/a"]), ["/p/[app]", "/p/[app]/x"]);
  assert.deepEqual(reached("/p/node_modules/**", ["/p/node_modules", "/p/node_modules/x/node_modules"]), ["/p/node_modules", "/p/node_modules/x/node_modules"]);
});
