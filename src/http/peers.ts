/** Who is at the other end of each connection; asked once, when it is accepted. */
import type { Socket } from "node:net";

import type { By } from "../core/types.ts";
import type { View } from "./view.ts";

export class Peers {
  readonly #by = new WeakMap<Socket, By>();
  readonly #view: View;

  constructor(view: View) {
    this.#view = view;
  }

  accepted(socket: Socket): void {
    const fd = descriptorOf(socket);
    const peer = fd === null ? null : this.#view.peer(fd);
    this.#by.set(socket, peer === null ? null : { kind: "socket", pid: peer.pid, uid: peer.uid });
  }

  by(socket: Socket): By {
    return this.#by.get(socket) ?? null;
  }
}

/** Node has no public way to a socket's descriptor; `_handle.fd` has been there since its beginnings. */
export function descriptorOf(socket: Socket): number | null {
  const handle = (socket as Socket & { _handle?: { fd?: number } | null })._handle;
  return handle?.fd ?? null;
}
