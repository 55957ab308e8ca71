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
  /** Those on which all that was asked has been answered, those that have rested for longest first. */
  readonly #resting = new Set<Socket>();
  /** What is to be done once all that has come is answered. */
  readonly #afterwards = new WeakMap<Socket, () => void>();
  readonly #reloads = new WeakSet<ServerResponse>();
  readonly #kept = new WeakSet<Socket>();
  /** A connection has closed, something has been answered, or is known to be answered last. */
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

  /**
   * Closes the one that has been silent for longest, or else, where they may be closed as well, the one that has rested
   * for longest. False: there is none.
   */
  makeRoom(alsoResting: boolean): boolean {
    const oldest = first(this.#silent) ?? (alsoResting ? first(this.#resting) : undefined);
    if (oldest === undefined) return false;
    this.#forget(oldest);
    oldest.destroy();
    return true;
  }

  asked(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    this.#owed.get(socket)?.add(response);
    this.#resting.delete(socket);
    response.once("close", () => this.#answered(socket, response));
    // It may have been answered before all of it was read.
    request.once("close", () => this.changed());
  }

  /** Does it when no answer is owed to any request that has come as a whole. */
  whenAnswered(socket: Socket, then: () => void): void {
    if (!this.#owes(socket)) return then();
    this.#afterwards.set(socket, then);
  }

  all(): Socket[] {
    return [...this.#owed.keys()];
  }

  /** It is not closed because nothing is asked on it, however long that lasts. */
  keep(socket: Socket): void {
    this.#kept.add(socket);
  }

  /** That is the answer to a reload: the last of all that are sent. */
  reloads(response: ServerResponse): void {
    this.#reloads.add(response);
    this.changed();
  }

  awaitsReload(socket: Socket): boolean {
    return [...this.#owed.get(socket) ?? []].some((response) => this.#reloads.has(response));
  }

  /** Those on which all is answered, and of no further request a byte has been read. */
  idle(http: HttpServer | null): Socket[] {
    const between = http === null ? new Set() : betweenRequests(http, this.all());
    return this.all().filter((socket) => !socket.destroyed && (socket.bytesRead === 0 || (
      between.has(socket) && this.#owed.get(socket)?.size === 0
      && socket.readableLength === 0 && !socket.readableEnded && !socket.writableEnded)));
  }

  #answered(socket: Socket, response: ServerResponse): void {
    const owed = this.#owed.get(socket);
    owed?.delete(response);
    if (owed?.size === 0) this.#rests(socket);
    const then = this.#afterwards.get(socket);
    if (then !== undefined && !this.#owes(socket)) {
      this.#afterwards.delete(socket);
      then();
    }
    this.changed();
  }

  #rests(socket: Socket): void {
    if (this.#kept.has(socket)) socket.setTimeout(0);
    else this.#resting.add(socket);
  }

  #owes(socket: Socket): boolean {
    return [...this.#owed.get(socket) ?? []].some(({ req }) => req.complete);
  }

  #forget(socket: Socket): void {
    this.#owed.delete(socket);
    this.#silent.delete(socket);
    this.#resting.delete(socket);
  }
}

function first<T>(all: Iterable<T>): T | undefined {
  const [one] = all;
  return one;
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
