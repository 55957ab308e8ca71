/** Through which clients come: the Unix socket, and the TCP address where there is one. They open and close together. */
import type { Millis } from "../core/types.ts";
import type { Http, Listener } from "../http/listener.ts";
import type { Addon } from "../native/addon.ts";
import type { TcpSocket } from "./tcp.ts";

/** Descriptors of connections on which nothing is asked. */
export interface IdleConnections {
  readonly socket: readonly number[];
  readonly tcp: readonly number[];
}

/** As of a single listener: http/listener.ts. */
export interface Doors {
  drain(patience: Millis): Promise<IdleConnections>;
  finish(patience: Millis): Promise<void>;
}

export interface Ways {
  readonly socket: number;
  readonly tcp: TcpSocket | null;
  /** More names for it. */
  readonly hosts: readonly string[];
  /** What the image before has left. */
  readonly idle: IdleConnections;
  readonly token: () => string;
}

export function openDoors(http: Http, addon: Addon, { socket, tcp, hosts, idle, token }: Ways): Doors {
  const unix = http.listen({ kind: "socket", fd: socket, left: idle.socket });
  const overTcp: Listener | null = tcp === null ? null
    : http.listen({ kind: "tcp", fd: addon.duplicate(tcp.fd), left: idle.tcp, address: tcp, hosts, token });
  return {
    async drain(patience) {
      const [socket, tcp = []] = await Promise.all([unix.drain(patience), overTcp?.drain(patience)]);
      return { socket, tcp };
    },
    async finish(patience) {
      await Promise.all([unix.finish(patience), overTcp?.finish(patience)]);
    },
  };
}
