/**
 * What serves the connections on which something was asked: one app, and a server of Node's for each listener. Root of
 * what is loaded late, with the first byte that comes.
 *
 * Node's http.Server looks every few seconds for connections that have taken too long, also where there are none. So there
 * is one only while somebody is served, and an idle Sentry does not wake up.
 */
import { createServer } from "node:http";
import type { IncomingMessage, RequestListener, Server as HttpServer, ServerOptions } from "node:http";
import type { Socket } from "node:net";

import { build } from "./build.ts";
import type { Connections } from "./connections.ts";
import { Doors, SocketDoor } from "./doors.ts";
import { answerGarbage, refuseHost, refuseTunnel } from "./garbage.ts";
import { Guard } from "./guard.ts";
import type { Limits } from "./limits.ts";
import type { Where } from "./listener.ts";
import { Streams } from "./streams.ts";
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

  serve(where: Where, limits: Limits, connections: Connections): Service {
    const streams = new Streams(this.#view, limits);
    const guard = where.kind === "tcp" ? new Guard(where, streams, connections) : null;
    const enter = (socket: Socket): void =>
      this.#doors.enter(socket, guard ?? new SocketDoor(this.#view, socket, streams, connections));
    const turns = new Turns((request, response) =>
      (hasOneHost(request) ? this.#routing(request, response) : refuseHost(response)));
    return new Service(limits, enter, turns, connections, streams);
  }
}

/** Of one listener. */
export class Service {
  readonly #limits: Limits;
  readonly #enter: (socket: Socket) => void;
  readonly #turns: Turns;
  readonly #connections: Connections;
  readonly streams: Streams;
  #http: HttpServer | null = null;
  #served = 0;

  constructor(limits: Limits, enter: (socket: Socket) => void, turns: Turns, connections: Connections, streams: Streams) {
    this.#limits = limits;
    this.#enter = enter;
    this.#turns = turns;
    this.#connections = connections;
    this.streams = streams;
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
    this.#http ??= this.#begin();
    this.#http.emit("connection", socket);
    this.#turns.add(socket);
  }

  #begin(): HttpServer {
    const connections = this.#connections;
    const handle: RequestListener = (request, response) => {
      connections.asked(request, response);
      this.#turns.ask(request, response);
    };
    const http = createServer(optionsOf(this.#limits), handle);
    http.timeout = this.#limits.stall ?? 0;
    http.on("checkExpectation", handle); // what is not known may be ignored (RFC 9110, 10.1.1), and so is an Upgrade (7.8)
    http.on("clientError", (error, socket: Socket) => answerGarbage(error, socket, connections));
    http.on("connect", (_request, socket: Socket) => refuseTunnel(socket, connections));
    http.emit("listening"); // where it begins to look after its connections' time-outs; nothing else hangs on it
    return http;
  }
}

function optionsOf({ header, request, look, keepAlive }: Limits): ServerOptions {
  return {
    headersTimeout: header, requestTimeout: request, connectionsCheckingInterval: look,
    keepAliveTimeout: keepAlive ?? 0, maxHeaderSize: MOST_HEADER_BYTES, requireHostHeader: false, // looked at here
  };
}

/** RFC 9112, 3.2. HTTP/1.0 needs none. Node itself counts them only where there is none. */
function hasOneHost({ rawHeaders, httpVersion }: IncomingMessage): boolean {
  let count = 0;
  for (let n = 0; n < rawHeaders.length; n += 2) if (rawHeaders[n]?.toLowerCase() === "host") count++;
  return count === 1 || (count === 0 && httpVersion === "1.0");
}
