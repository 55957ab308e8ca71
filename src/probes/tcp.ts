/** Whether a connection is accepted. Nothing is sent; with the end of the look it is closed. */
import { connect } from "node:net";
import type { Socket } from "node:net";

import type { Look } from "./look.ts";
import { lookup } from "./lookup.ts";

export function tcpLook(host: string, port: number): Look {
  const what = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  const take = (over: AbortSignal): Promise<string | null> => new Promise((resolve, reject) => {
    const socket = connect({ host, port, lookup, signal: over }).unref();
    socket.once("connect", () => {
      if (!isItself(socket)) return resolve(null);
      socket.resetAndDestroy(); // leaves no TIME_WAIT, which would keep the port from whoever is to listen there
      resolve("ECONNREFUSED");
    });
    socket.on("error", reject);
  });
  return { what, take };
}

/**
 * Where nobody listens on a port from which the kernel also takes those of clients, a connection to it may be given that port
 * for its own end: then it is connected to itself (simultaneous open, RFC 9293, 3.5). Who asks often enough gets there.
 */
export function isItself({ localAddress, localPort, remoteAddress, remotePort }: Socket): boolean {
  return localPort === remotePort && localAddress === remoteAddress;
}
