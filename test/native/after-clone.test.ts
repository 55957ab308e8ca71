/**
 * Between clone and exec the child runs in the memory of a Node process whose other threads go on: a lock that one of
 * them holds is never released to it. So that code may call two things only, and its object file says what it calls.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "../../..");
/** A system call, and where errno is. `_GLOBAL_OFFSET_TABLE_` is how some linkers reach them, and no function. */
const allowed = new Set(["syscall", "__errno_location", "_GLOBAL_OFFSET_TABLE_"]);

function forbiddenNames(object: string): string[] {
  const names = execFileSync("nm", ["--undefined-only", "--format=posix", object], { encoding: "utf8" })
    .split("\n")
    .map((line) => line.split(" ")[0] ?? "")
    .filter((name) => name !== "");
  assert.ok(names.includes("syscall"), `${object} calls nothing at all: is it the right file?`);
  return names.filter((name) => !allowed.has(name));
}

test("the code between clone and exec calls nothing but system calls", () => {
  const object = join(root, "build/Release/obj.target/after_clone/native/after_clone.o");
  assert.ok(existsSync(object), `${object} is not there: npm run native`);
  assert.deepEqual(forbiddenNames(object), []);
});

test("a call of malloc between clone and exec would be found", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "after-clone-"));
  t.after(() => { rmSync(folder, { recursive: true }); });
  const source = readFileSync(join(root, "native/after_clone.cc"), "utf8");
  const spoilt = source.replace("reset_signals();\n", "reset_signals();\n  plan.scratch = static_cast<int*>(malloc(plan.keep_count));\n");
  assert.notEqual(spoilt, source);
  writeFileSync(join(folder, "after_clone.cc"), `#include <stdlib.h>\n${spoilt}`);
  const object = join(folder, "after_clone.o");
  execFileSync(process.env["CXX"] ?? "c++", ["-std=c++20", "-O2", "-fPIC", "-I", join(root, "native"), "-c", join(folder, "after_clone.cc"), "-o", object]);
  assert.ok(forbiddenNames(object).includes("malloc"));
});
