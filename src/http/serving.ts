/**
 * What serves the connections on which something was asked: one app, and a server of Node's for each listener. Root of
 * what is loaded late, with the first byte that comes.
 *
 * Node's http.Server looks every few seconds for connections that have taken too long, also where there are none. So there
 * is one only while somebody is served, and an idle Sentry does not wake up.
 */
import { createServer } from "node:http";
import type { IncomingMessage, RequestListener, Server as HttpServer } from "node:http";
import type { Socket } from "node:net";

import { build } from "./build.ts";
import type { Connections } from "./connections.ts";
import { Doors, SocketDoor } from "./doors.ts";
import { answerGarbage, refuseHost, refuseTunnel } from "./garbage.ts";
import { Guard } from "./guard.ts";
import type { Limits } from "./limits.ts";
import type { Where } from "./listener.ts";
import type { Streams } from "./streams.ts";
import { Turns } from "./turns.ts";
import type { View } from "./view.ts";

/** For a client of this interface it is plenty, and what a flood of headers can make grow is no more than that. */
const MOST_HEADER_BYTES = 16 * 1024;

export class App {
  readonly #view: View;
  readonly #doors: Doors;
  readonly #routing: RequestListener;

  private constructor(view: View, doors: Doors, routing: RequestListener) {
    this.#view = view;
    this.#doors = doors;
    this.#routing = routing;
  }

  static async of(view: View): Promise<App> {
    const doors = new Doors();
    const app = build(view, doors);
    await app.ready();
    return new App(view, doors, app.routing);
  }

  serve(where: Where, limits: Limits, connections: Connections, streams: Streams): Service {
    const guard = where.kind === "tcp" ? new Guard(where, streams) : null;
    const enter = (socket: Socket): void =>
      this.#doors.enter(socket, guard ?? new SocketDoor(this.#view, socket, streams));
    const turns = new Turns((request, response) =>
      (hasOneHost(request) ? this.#routing(request, response) : refuseHost(response)));
    return new Service(limits, enter, turns, (request, response) => {
      connections.asked(request, response);
      turns.ask(request, response);
    });
  }
}

/** Of one listener. */
export class Service {
  readonly #limits: Limits;
  readonly #enter: (socket: Socket) => void;
  readonly #turns: Turns;
  readonly #handle: RequestListener;
  #http: HttpServer | null = null;
  #served = 0;

  constructor(limits: Limits, enter: (socket: Socket) => void, turns: Turns, handle: RequestListener) {
    this.#limits = limits;
    this.#enter = enter;
    this.#turns = turns;
    this.#handle = handle;
  }

  /** Null while nobody is served. */
  get http(): HttpServer | null {
    return this.#http;
  }

  serve(socket: Socket): void {
    this.#enter(socket);
    this.#served++;
    socket.once("close", () => {
      if (--this.#served > 0) return;
      this.#http?.close(); // it never listened: this only ends its periodic look
      this.#http = null;
    });
    this.#http ??= begin(this.#limits, this.#handle);
    this.#http.emit("connection", socket);
    this.#turns.add(socket);
  }
}

/** `listening` is where http.Server begins to look after its connections' time-outs; nothing else hangs on it. */
function begin({ header, request, look, keepAlive, stall }: Limits, handle: RequestListener): HttpServer {
  const http = createServer({
    headersTimeout: header, requestTimeout: request, connectionsCheckingInterval: look,
    keepAliveTimeout: keepAlive ?? 0, maxHeaderSize: MOST_HEADER_BYTES, requireHostHeader: false, // looked at here
  }, handle);
  http.timeout = stall ?? 0;
  http.on("clientError", answerGarbage);
  http.on("connect", refuseTunnel); // an Upgrade is ignored, as RFC 9110, 7.8 has it
  http.emit("listening");
  return http;
}

/** RFC 9112, 3.2. HTTP/1.0 needs none. Node itself counts them only where there is none. */
function hasOneHost({ rawHeaders, httpVersion }: IncomingMessage): boolean {
  let count = 0;
  for (let n = 0; n < rawHeaders.length; n += 2) if (rawHeaders[n]?.toLowerCase() === "host") count++;
  return count === 1 || (count === 0 && httpVersion === "1.0");
}
