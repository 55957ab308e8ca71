/** Locks, sockets and who is at their other end, through the addon. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";

import { loadAddon, packageFolder } from "../../src/native/load.ts";

const addon = loadAddon();

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "sentry-locks-"));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

/** What another process gets for an expression of `addon`. */
async function elsewhere(expression: string): Promise<unknown> {
  const load = `const addon = require("node-gyp-build")(${JSON.stringify(packageFolder())});`;
  const script = `${load} console.log(JSON.stringify(${expression}))`;
  const child = spawn(process.execPath, ["-e", script], { cwd: packageFolder(), stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  for await (const chunk of child.stdout) text += String(chunk);
  return JSON.parse(text);
}

test("a lock has one holder, whose PID everybody else is given, until the holder lets go", async (t) => {
  const path = join(folder(t), "pid");
  assert.equal(addon.lockFile(path), null);
  assert.equal(readFileSync(path, "utf8"), `${process.pid}\n`);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(await elsewhere(`addon.lockFile(${JSON.stringify(path)})`), process.pid);
  assert.equal(addon.removeLock(path), true);
  assert.ok(!existsSync(path));
  assert.equal(addon.removeLock(path), false);
  assert.equal(await elsewhere(`addon.lockFile(${JSON.stringify(path)})`), null);
  // That process has ended without letting go: its file is there, its lock is not.
  assert.ok(existsSync(path));
  assert.equal(addon.lockFile(path), null);
  addon.removeLock(path);
});

test("a lock that is no file of our own is refused with a code", (t) => {
  const path = folder(t);
  writeFileSync(join(path, "precious"), "kept");
  symlinkSync(join(path, "precious"), join(path, "link"));
  assert.throws(() => addon.lockFile(join(path, "link")), { code: "ELOOP" });
  assert.throws(() => addon.lockFile(join(path, "no/folder")), { code: "ENOENT", message: /no\/folder/ });
  assert.throws(() => addon.lockFile(path), { code: "EISDIR" });
  assert.equal(readFileSync(join(path, "precious"), "utf8"), "kept");
});

test("peer tells the PID and user at the other end of a connection, and null for what is none", async (t) => {
  const path = join(folder(t), "socket");
  const fd = addon.listenUnix(path);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  const server = createServer().listen({ fd });
  t.after(() => server.close());
  const accepted = once(server, "connection") as Promise<[Socket]>;
  connect(path);
  const [connection] = await accepted;
  const { _handle: handle } = connection as Socket & { _handle: { fd: number } };
  assert.deepEqual(addon.peer(handle.fd), { pid: process.pid, uid: process.getuid?.() });
  connection.destroy();
  const file = openSync("/dev/null", "r");
  assert.equal(addon.peer(file), null);
  closeSync(file);
  assert.equal(addon.peer(file), null);
  assert.throws(() => addon.listenUnix(path), { code: "EADDRINUSE" });
  assert.equal(addon.removeSocket(path), true);
  assert.ok(!existsSync(path));
  assert.equal(addon.removeSocket(path), false);
});

test("a socket of a process that is dead is taken over, and one that is somebody else's by now is not removed", async (t) => {
  const path = join(folder(t), "socket");
  await elsewhere(`addon.listenUnix(${JSON.stringify(path)})`);
  assert.ok(existsSync(path));
  addon.listenUnix(path);
  rmSync(path);
  writeFileSync(path, "of somebody else");
  assert.equal(addon.removeSocket(path), false);
  assert.equal(readFileSync(path, "utf8"), "of somebody else");
});

test("a TCP address is listened on by its number or as localhost, and is refused when it is taken", async (t) => {
  const server = createServer().listen({ fd: addon.listenTcp("127.0.0.1", 0) });
  await once(server, "listening");
  t.after(() => server.close());
  const { port } = server.address() as { port: number };
  assert.throws(() => addon.listenTcp("localhost", port), { code: "EADDRINUSE" });
  assert.throws(() => addon.listenTcp("example.invalid", port));
});
