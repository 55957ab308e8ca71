/**
 * Each listener is a door: who comes through it, what they may do, and what they use up, counts for that door alone.
 */
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";

import type { By } from "../core/types.ts";
import { descriptorOf } from "./connections.ts";
import type { Connections } from "./connections.ts";
import type { Problem } from "./problem.ts";
import type { Streams } from "./streams.ts";
import type { View } from "./view.ts";

/** How much a route gives away. */
export type Openness =
  /** To anybody who can connect: `/health`. */
  | "always"
  /** To anybody on this machine: what runs. Over an address that others reach, only with the token. */
  | "reading"
  /** Only over the Unix socket, or with the token. */
  | "token";

export interface Door {
  /** Null: it may be answered. Asked before the body is read. */
  refusal(request: IncomingMessage, openness: Openness): Problem | null;
  /** Who asks, as the history tells it. Asked of what was not refused. */
  by(request: IncomingMessage): By;
  readonly streams: Streams;
  readonly connections: Connections;
}

/** The Unix socket's: the mode of its file has let in who may do everything. The kernel knows who that is (SO_PEERCRED). */
export class SocketDoor implements Door {
  readonly streams: Streams;
  readonly connections: Connections;
  readonly #by: By;

  /** Asked now: later the connection may be gone, and what was asked on it is done all the same. */
  constructor(view: View, socket: Socket, streams: Streams, connections: Connections) {
    const fd = descriptorOf(socket);
    const peer = fd === null ? null : view.peer(fd);
    this.#by = peer === null ? null : { kind: "socket", pid: peer.pid, uid: peer.uid };
    this.streams = streams;
    this.connections = connections;
  }

  refusal(): null {
    return null;
  }

  by(): By {
    return this.#by;
  }
}

export class Doors {
  readonly #of = new WeakMap<Socket, Door>();

  /** A connection has come through it. */
  enter(socket: Socket, door: Door): void {
    this.#of.set(socket, door);
  }

  /** @throws Error for a connection of no listener: a bug */
  of(socket: Socket): Door {
    const door = this.#of.get(socket);
    if (door === undefined) throw new Error("a connection came through no door");
    return door;
  }
}
