/** Output that goes to our own stdout and stderr. Those belong to whoever has started us, so nothing is changed about them. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

const INHERITS = join(import.meta.dirname, "inherits.js");

interface Ended { readonly code: number | null; readonly out: string; readonly err: string }

function inherits(argv: readonly string[], stdout: number | "pipe" = "pipe"): Promise<Ended> {
  const [command = "", ...args] = argv;
  const child = spawn(command, args, { stdio: ["ignore", stdout, "pipe"] });
  let [out, err] = ["", ""];
  child.stdout?.on("data", (data: Buffer) => { out += data.toString(); });
  child.stderr?.on("data", (data: Buffer) => { err += data.toString(); });
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, out, err })));
}

test("a child that inherits prints to our own stdout and stderr, and there is no pipe between", async () => {
  const { code, out, err } = await inherits([process.execPath, INHERITS, "echo out; echo err >&2; exit 7"]);
  assert.deepEqual([code, out, err], [7, "out\n", "err\n"]);
});

test("a file that is our stdout is the child's own: it can be asked for its place, and opened again", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "sentry-inherit-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "out");
  const fd = openSync(path, "a");
  const { code, err } = await inherits([process.execPath, INHERITS, "readlink /proc/$$/fd/1; echo again >> /dev/stdout"], fd);
  closeSync(fd);
  assert.deepEqual([code, err, readFileSync(path, "utf8")], [0, "", `${path}\nagain\n`]);
});

test("where our stdout was closed, a child that inherits it has /dev/null", async () => {
  const script = 'test /proc/self/fd/1 -ef /dev/null && echo gone >&2';
  const { code, err } = await inherits(["sh", "-c", 'exec "$0" "$@" >&-', process.execPath, INHERITS, script]);
  assert.deepEqual([code, err], [0, "gone\n"]);
});

test("who inherits what Node has a stream of waits for room there", async () => {
  const script = "echo begins >&2; head -c 1000000 /dev/zero && echo done >&2";
  for (const argv of [[process.execPath], ["sh", "-c", '"$0" "$@" | cat', process.execPath]]) {
    const { out, err } = await inherits([...argv, INHERITS, script]);
    assert.deepEqual([out.length, err], [1_000_000, "begins\ndone\n"]);
  }
});

// A pipe of our own is given to its user. This one is somebody else's: it can be written to, and not be opened again.
test("as root, a pipe that another user's child inherits stays whose it was", { skip: process.getuid?.() !== 0 }, async () => {
  const script = "echo one; stat -L -c %u /proc/self/fd/1; if : > /dev/stdout; then echo opened; fi";
  const { out, err } = await inherits(["sh", "-c", '"$0" "$@" | cat', process.execPath, INHERITS, script, "nobody"]);
  assert.equal(out, "one\n0\n");
  assert.match(err, /denied/);
});
