/**
 * A listening socket that somebody else has made, served by the app. Until the first connection it costs nothing:
 * fastify is loaded then. And while nobody is connected nothing wakes up: Node's http.Server looks every 30 s for
 * connections that have taken too long, also where there are none, so there is one only while there are.
 */
import { createServer as createHttpServer } from "node:http";
import type { RequestListener, Server as HttpServer } from "node:http";
import { createServer } from "node:net";
import type { Socket } from "node:net";

import { Peers } from "./peers.ts";
import type { View } from "./view.ts";

export interface Listener {
  /** No new connections; those that are there stay until their clients or this process end. */
  close(): void;
}

/**
 * Serves the descriptor of a listening Unix socket, which belongs to the listener from then on. Connections may be idle
 * for as long as they like: whoever asked for a stop waits on its connection until the process is gone.
 */
export function listen(fd: number, view: View): Listener {
  const peers = new Peers(view);
  let routing: Promise<RequestListener> | null = null;
  let http: HttpServer | null = null;
  let connected = 0;

  async function accept(socket: Socket): Promise<void> {
    socket.on("error", () => {}); // a client that goes away is its own affair
    peers.accepted(socket);
    connected++;
    socket.on("close", () => {
      if (--connected > 0) return;
      http?.close(); // it never listened: this only ends its periodic look
      http = null;
    });
    routing ??= load(view, peers);
    const handle = await routing;
    if (socket.destroyed) return;
    http ??= begin(handle);
    http.emit("connection", socket);
  }

  // Half open, as http.Server itself has it: what becomes of a connection is for that to say.
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    accept(socket).catch((error: unknown) => {
      routing = null;
      view.bug(error, "a connection was accepted");
      socket.destroy();
    });
  });
  server.on("error", (error) => view.bug(error, "connections were to be accepted"));
  // Given as a descriptor, libuv does not know the socket's path, and so does not unlink it at the end.
  server.listen({ fd });
  return { close: () => void server.close() };
}

async function load(view: View, peers: Peers): Promise<RequestListener> {
  const { build } = await import("./build.ts");
  const app = build(view, peers);
  await app.ready();
  return (request, response) => app.routing(request, response);
}

/** `listening` is where http.Server begins to look after its connections' time-outs; nothing else hangs on it. */
function begin(handle: RequestListener): HttpServer {
  const http = createHttpServer({ keepAliveTimeout: 0 }, handle);
  http.emit("listening");
  return http;
}
