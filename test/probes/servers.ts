/** Servers to be looked at, on a port of their own. */
import { createServer as createHttp } from "node:http";
import type { RequestListener } from "node:http";
import { createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import type { TestContext } from "node:test";

export interface Served {
  readonly port: number;
  /** Connections that are open. */
  readonly open: ReadonlySet<Socket>;
  /** How many there have been. */
  readonly count: () => number;
}

export function tcpServer(t: TestContext, host = "127.0.0.1"): Promise<Served> {
  return listening(t, createServer((socket) => socket.on("error", () => {}).resume()), host);
}

export function httpServer(t: TestContext, answer: RequestListener): Promise<Served> {
  return listening(t, createHttp(answer), "127.0.0.1");
}

/** A port on which nobody listens, as far as can be. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => { server.listen(0, "127.0.0.1", resolve); });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => { server.close(resolve); });
  return port;
}

async function listening(t: TestContext, server: Server, host: string): Promise<Served> {
  const open = new Set<Socket>();
  let count = 0;
  server.on("connection", (socket: Socket) => {
    count++;
    open.add(socket);
    socket.on("close", () => open.delete(socket));
  });
  await new Promise<void>((resolve) => { server.listen(0, host, resolve); });
  t.after(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, open, count: () => count };
}
