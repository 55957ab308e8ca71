/** Through which clients come: the Unix socket, and the TCP address where there is one. They open and close together. */
import type { Millis } from "../core/types.ts";
import type { Http, Listener } from "../http/listener.ts";
import type { Addon } from "../native/addon.ts";
import type { Transcript } from "../output/journal.ts";
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
  endStreams(patience: Millis): Promise<void>;
}

export interface Ways {
  readonly socket: number;
  readonly tcp: TcpSocket | null;
  /** More names for it. */
  readonly hosts: readonly string[];
  /** What the image before has left. */
  readonly idle: IdleConnections;
  readonly token: string;
}

/** Where the machine refuses the one over TCP, for want of descriptors, that is told: processes are supervised without it. */
export function openDoors(
  http: Http, addon: Addon, { socket, tcp, hosts, idle, token }: Ways, transcript: Pick<Transcript, "tell">,
): Doors {
  const unix = http.listen({ kind: "socket", fd: socket, left: idle.socket });
  let overTcp: Listener | null = null;
  try {
    if (tcp !== null) overTcp = http.listen({ kind: "tcp", fd: addon.duplicate(tcp.fd), left: idle.tcp, address: tcp, hosts, token });
  } catch (error) {
    transcript.tell(`HTTP is not served over TCP: ${(error as Error).message}`);
  }
  return {
    async drain(patience) {
      const [socket, tcp = []] = await Promise.all([unix.drain(patience), overTcp?.drain(patience)]);
      return { socket, tcp };
    },
    async endStreams(patience) {
      await Promise.all([unix.endStreams(patience), overTcp?.endStreams(patience)]);
    },
    async finish(patience) {
      await Promise.all([unix.finish(patience), overTcp?.finish(patience)]);
    },
  };
}
