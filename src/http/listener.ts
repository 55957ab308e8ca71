/**
 * A listening socket that somebody else has made. Until somebody asks it costs nothing: neither Node's HTTP nor fastify is
 * loaded before the first byte. A connection is silent until then, and only then is it given to the server: one that merely
 * waits costs a descriptor, and on TCP it is closed after a time.
 */
import { createServer, Socket } from "node:net";

import type { Millis } from "../core/types.ts";
import { Connections } from "./connections.ts";
import { finish, handOver } from "./departure.ts";
import type { Rules } from "./guard.ts";
import { limitsOf } from "./limits.ts";
import type { Limits } from "./limits.ts";
import type * as serving from "./serving.ts";
import type { App, Service } from "./serving.ts";
import type { View } from "./view.ts";

/** So long nothing has come from the other machine before it is asked whether it is still there. */
const QUIET: Millis = 60_000;

export type Where = Descriptors & ({ readonly kind: "socket" } | ({ readonly kind: "tcp" } & Rules));

/** They belong to the listener from then on. */
interface Descriptors {
  /** A listening socket. */
  readonly fd: number;
  /** Connections that an earlier listener has left. */
  readonly left: readonly number[];
}

/**
 * Leaves its connections to the next image of this process in two steps, so that no client meets a failure. Between them
 * only those who asked for a reload still wait.
 */
export interface Listener {
  /**
   * Stops accepting: who comes now waits in the socket's queue. Ends streams, and answers all that was asked, but for
   * reloads. Connections on which nothing is asked are not closed: returned are duplicates of their descriptors, for
   * the next listener. What is not done when the patience is over is cut.
   */
  drain(patience: Millis): Promise<number[]>;
  /** The end of Sentry: whoever listens is told all that has happened, and has until the patience is over to take it. */
  endStreams(patience: Millis): Promise<void>;
  /** After `drain`: waits until the answers to reloads have been sent, or the patience is over. */
  finish(patience: Millis): Promise<void>;
}

/** serving.ts, the root of what is loaded late. */
export type Late = Pick<typeof serving, "App">;

/** All listeners of a Sentry, with one app behind them. */
export class Http {
  readonly #view: View;
  readonly #load: () => Promise<Late>;
  #app: Promise<App> | null = null;

  /** @param load gives serving.ts; called when somebody asks, and again if it failed */
  constructor(view: View, load: () => Promise<Late>) {
    this.#view = view;
    this.#load = load;
  }

  listen(where: Where, limits: Limits = limitsOf(where.kind)): Listener {
    return new Listening(where, limits, this.#view, () => this.#ready());
  }

  #ready(): Promise<App> {
    this.#app ??= this.#load().then(({ App }) => App.of(this.#view)).catch((error: unknown) => {
      this.#app = null;
      throw error;
    });
    return this.#app;
  }
}

class Listening implements Listener {
  readonly #where: Where;
  readonly #limits: Limits;
  readonly #view: View;
  readonly #ready: () => Promise<App>;
  readonly #connections = new Connections();
  readonly #server;
  #service: Service | null = null;

  constructor(where: Where, limits: Limits, view: View, ready: () => Promise<App>) {
    this.#where = where;
    this.#limits = limits;
    this.#view = view;
    this.#ready = ready;
    // Half open, as http.Server itself has it: what becomes of a connection is for that to say.
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(socket, limits.silence));
    this.#server.on("error", (error) => view.bug(error, "connections were to be accepted"));
    // Given as a descriptor, libuv does not know the socket's path, and so does not unlink it at the end.
    this.#server.listen({ fd: where.fd });
    for (const connection of where.left) this.#takeUp(connection);
  }

  drain(patience: Millis): Promise<number[]> {
    this.#server.close();
    this.#service?.streams.end();
    return handOver(this.#connections, () => this.#service?.http ?? null, this.#view, patience);
  }

  async endStreams(patience: Millis): Promise<void> {
    await this.#service?.streams.endWithAll(patience);
  }

  finish(patience: Millis): Promise<void> {
    return finish(this.#connections, patience);
  }

  #takeUp(connection: number): void {
    try {
      this.#accept(new Socket({ fd: connection, allowHalfOpen: true }), this.#limits.keepAlive);
    } catch (error) {
      this.#view.bug(error, "a connection was to be taken up");
    }
  }

  /** Clients over TCP must expect that between two requests a connection closes; those of the socket need not. */
  #makeRoom(): boolean {
    return this.#connections.makeRoom(this.#limits.keepAlive !== null);
  }

  /** @param patience for its first byte */
  #accept(socket: Socket, patience: Millis | null): void {
    socket.on("error", () => {}); // a client that goes away is its own affair
    socket.setKeepAlive(true, QUIET); // over TCP, one that goes with its machine says nothing
    // Of two who have said nothing the one who came later more likely will: else whoever keeps on connecting shuts others out.
    if (this.#connections.size >= this.#limits.connections && !this.#makeRoom()) return void socket.destroy();
    this.#connections.add(socket);
    const tooLate = (): void => void socket.destroy();
    if (patience !== null) socket.setTimeout(patience, tooLate);
    // There are bytes, or it has ended.
    socket.once("readable", () => {
      if (socket.bytesRead === 0) return void socket.destroy();
      socket.setTimeout(0, tooLate);
      this.#connections.heard(socket);
      this.#serve(socket).catch((error: unknown) => {
        this.#view.bug(error, "a connection was accepted");
        socket.destroy();
      });
    });
  }

  async #serve(socket: Socket): Promise<void> {
    const app = await this.#ready();
    this.#service ??= app.serve(this.#where, this.#limits, this.#connections);
    if (!socket.destroyed) this.#service.serve(socket);
  }
}
