/**
 * A listening socket as the addon makes one: it belongs to nobody who serves it, and stays when they close theirs. Made
 * by Node, which would accept on it as well and remove its path, so it is duplicated, moved, and taken from Node.
 */
import { once } from "node:events";
import { mkdtempSync, renameSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo, Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

import { loadAddon } from "../../src/native/load.ts";

export async function listeningAtPath(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "sentry-http-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const made = createServer().listen(join(folder, "made"));
  await once(made, "listening");
  const path = join(folder, "socket");
  renameSync(join(folder, "made"), path);
  return { path, fd: takenFrom(made) };
}

export async function listeningAtPort(host = "127.0.0.1") {
  const made = createServer().listen(0, host);
  await once(made, "listening");
  const { port } = made.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, port, fd: takenFrom(made) };
}

function takenFrom(made: Server): number {
  const { fd } = (made as unknown as { _handle: { fd: number } })._handle;
  const taken = loadAddon().duplicate(fd);
  made.close();
  return taken;
}
