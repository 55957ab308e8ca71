/** A listener of each kind, over an engine in virtual time. */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";

import { Http } from "../../src/http/listener.ts";
import type { Where } from "../../src/http/listener.ts";
import { limitsOf } from "../../src/http/limits.ts";
import type { Limits } from "../../src/http/limits.ts";
import { loadAddon } from "../../src/native/load.ts";
import { law } from "../support/world.ts";
import { listeningAtPath, listeningAtPort } from "./socket.ts";
import { viewOf } from "./view.ts";

export const TOKEN = "00ff".repeat(16);

export const ways = {
  socket: { kind: "socket" },
  tcp: { kind: "tcp", address: { host: "127.0.0.1", port: 0 }, hosts: [], token: TOKEN },
} as const;

export async function openSocket(t: TestContext, limits: Partial<Limits> = {}) {
  const { path, fd } = await listeningAtPath(t);
  return { path, ...open(t, { ...ways.socket, fd, left: [] }, limits) };
}

interface Tcp {
  readonly host?: string;
  /** What it really listens on, where it says that it does on `host`. */
  readonly bound?: string;
  readonly hosts?: readonly string[];
  readonly limits?: Partial<Limits>;
}

export async function openTcp(t: TestContext, { host = "127.0.0.1", bound = host, hosts = [], limits = {} }: Tcp = {}) {
  const { port, fd } = await listeningAtPort(bound);
  return { port, ...open(t, { ...ways.tcp, address: { host, port }, hosts, fd, left: [] }, limits) };
}

function open(t: TestContext, where: Where, limits: Partial<Limits>) {
  const seen = viewOf([law("dummy")]);
  const http = new Http(seen.view, () => import("../../src/http/serving.ts"));
  const listener = http.listen(where, { ...limitsOf(where.kind), ...limits });
  t.after(async () => {
    for (const connection of await listener.drain(0)) loadAddon().close(connection);
    assert.deepEqual(seen.bugs, []);
  });
  return { listener, ...seen };
}
