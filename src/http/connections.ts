/**
 * The connections of a listener, and what is asked on each. A connection is silent until its first byte comes; only
 * then is it given to http.Server, so that one which merely waits costs no look-outs.
 */
import type { IncomingMessage, Server as HttpServer, ServerResponse } from "node:http";
import type { Socket } from "node:net";

export class Connections {
  /** The answers that are still to be sent. */
  readonly #owed = new Map<Socket, Set<ServerResponse>>();
  /** Those on which nothing has come yet, the oldest first. */
  readonly #silent = new Set<Socket>();
  /** A connection has closed, or something has been answered. */
  changed = (): void => {};

  get size(): number {
    return this.#owed.size;
  }

  add(socket: Socket): void {
    this.#owed.set(socket, new Set());
    this.#silent.add(socket);
    socket.once("close", () => {
      this.#forget(socket);
      this.changed();
    });
  }

  /** Its first byte has come. */
  heard(socket: Socket): void {
    this.#silent.delete(socket);
  }

  /** Closes the one that has been silent for longest. False: none is. */
  makeRoom(): boolean {
    const [oldest] = this.#silent;
    if (oldest === undefined) return false;
    this.#forget(oldest);
    oldest.destroy();
    return true;
  }

  asked(request: IncomingMessage, response: ServerResponse): void {
    const owed = this.#owed.get(request.socket);
    owed?.add(response);
    response.once("close", () => {
      owed?.delete(response);
      this.changed();
    });
    // It may have been answered before all of it was read.
    request.once("close", () => this.changed());
  }

  all(): Socket[] {
    return [...this.#owed.keys()];
  }

  /** What is asked on it includes a reload: then it is answered last of all. */
  awaitsReload(socket: Socket): boolean {
    return [...this.#owed.get(socket) ?? []].some(({ req }) => req.method === "POST" && /^\/reload($|\?)/.test(req.url ?? ""));
  }

  /** Those on which all is answered, and of no further request a byte has been read. */
  idle(http: HttpServer | null): Socket[] {
    const between = http === null ? new Set() : betweenRequests(http, this.all());
    return this.all().filter((socket) => !socket.destroyed && (socket.bytesRead === 0 || (
      between.has(socket) && this.#owed.get(socket)?.size === 0
      && socket.readableLength === 0 && !socket.readableEnded && !socket.writableEnded)));
  }

  #forget(socket: Socket): void {
    this.#owed.delete(socket);
    this.#silent.delete(socket);
  }
}

/** Node has no public way to a socket's descriptor; `_handle.fd` has been there since its beginnings. */
export function descriptorOf(socket: Socket): number | null {
  const handle = (socket as Socket & { _handle?: { fd?: number } | null })._handle;
  return handle?.fd ?? null;
}

/**
 * Only the parser knows whether the bytes that it has read end where a request ends, and http.Server has one way to
 * tell: it destroys the idle ones. So for as long as the question takes, being destroyed is only noted.
 */
function betweenRequests(http: HttpServer, sockets: readonly Socket[]): Set<Socket> {
  const idle = new Set<Socket>();
  for (const socket of sockets) {
    socket.destroy = () => {
      idle.add(socket);
      return socket;
    };
  }
  http.closeIdleConnections();
  for (const socket of sockets) Reflect.deleteProperty(socket, "destroy"); // the prototype's comes forth again
  return idle;
}
