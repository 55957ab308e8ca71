/**
 * A listening socket that somebody else has made, served by the app. Until somebody asks it costs nothing: fastify is
 * loaded at the first byte. And while nobody is served nothing wakes up: Node's http.Server looks every 30 s for
 * connections that have taken too long, also where there are none, so there is one only while there are.
 */
import { createServer as createHttpServer } from "node:http";
import type { RequestListener, Server as HttpServer } from "node:http";
import { createServer, Socket } from "node:net";

import type { Millis } from "../core/types.ts";
import type { build } from "./build.ts";
import { Connections } from "./connections.ts";
import { finish, handOver } from "./departure.ts";
import { Peers } from "./peers.ts";
import { Streams } from "./streams.ts";
import type { View } from "./view.ts";

/**
 * Leaves its connections to the next image of this process in two steps, so that no client meets a failure. Between them
 * only those who asked for a reload still wait.
 */
export interface Listener {
  /**
   * Stops accepting: who comes now waits in the socket's queue. Ends event streams, and answers all that was asked, but for
   * reloads. Connections on which nothing is asked are not closed: returned are duplicates of their descriptors, for
   * the next listener. What is not done when the patience is over is cut.
   */
  drain(patience: Millis): Promise<number[]>;
  /** After `drain`: waits until the answers to reloads have been sent, or the patience is over. */
  finish(patience: Millis): Promise<void>;
}

/** `build` of build.ts, which brings fastify with it. */
export type Build = typeof build;

/**
 * Serves the descriptor of a listening socket, and the connections that an earlier listener has left; both belong to
 * this one from then on. Connections may be idle for as long as they like: whoever asked for a stop waits on its
 * connection until the process is gone.
 *
 * @param loadApp gives build.ts; called when somebody asks, and again if it failed
 */
export function listen(fd: number, view: View, loadApp: () => Promise<{ build: Build }>, left: readonly number[] = []): Listener {
  const peers = new Peers(view);
  const streams = new Streams(view);
  const connections = new Connections();
  let routing: Promise<RequestListener> | null = null;
  let http: HttpServer | null = null;
  let served = 0;

  function accept(socket: Socket): void {
    socket.on("error", () => {}); // a client that goes away is its own affair
    peers.accepted(socket);
    connections.add(socket);
    // There are bytes, or it has ended.
    socket.once("readable", () => {
      if (socket.bytesRead === 0) return void socket.destroy();
      serve(socket).catch((error: unknown) => {
        routing = null;
        view.bug(error, "a connection was accepted");
        socket.destroy();
      });
    });
  }

  async function serve(socket: Socket): Promise<void> {
    routing ??= load(loadApp, view, peers, streams, connections);
    const handle = await routing;
    if (socket.destroyed) return;
    served++;
    socket.once("close", () => {
      if (--served > 0) return;
      http?.close(); // it never listened: this only ends its periodic look
      http = null;
    });
    http ??= begin(handle);
    http.emit("connection", socket);
  }

  // Half open, as http.Server itself has it: what becomes of a connection is for that to say.
  const server = createServer({ allowHalfOpen: true }, accept);
  server.on("error", (error) => view.bug(error, "connections were to be accepted"));
  // Given as a descriptor, libuv does not know the socket's path, and so does not unlink it at the end.
  server.listen({ fd });
  for (const connection of left) {
    try {
      accept(new Socket({ fd: connection, allowHalfOpen: true }));
    } catch (error) {
      view.bug(error, "a connection was to be taken up");
    }
  }

  return {
    drain(patience) {
      server.close();
      streams.end();
      return handOver(connections, () => http, view, patience);
    },
    finish: (patience) => finish(connections, patience),
  };
}

async function load(
  loadApp: () => Promise<{ build: Build }>, view: View, peers: Peers, streams: Streams, connections: Connections,
): Promise<RequestListener> {
  const { build } = await loadApp();
  const app = build(view, peers, streams);
  await app.ready();
  return (request, response) => {
    connections.asked(request, response);
    app.routing(request, response);
  };
}

/** `listening` is where http.Server begins to look after its connections' time-outs; nothing else hangs on it. */
function begin(handle: RequestListener): HttpServer {
  const http = createHttpServer({ keepAliveTimeout: 0 }, handle);
  http.emit("listening");
  return http;
}
