/**
 * What never gets to a route: bytes that are no HTTP, requests that take too long, and what no server of this kind does.
 * Answered in the same form as everything else, and then the connection closes.
 */
import { STATUS_CODES } from "node:http";
import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";

import type { Millis } from "../core/types.ts";
import type { Connections } from "./connections.ts";
import { Problem } from "./problem.ts";

/**
 * How long a client may take to read why it was refused. Closed at once, with bytes of its own unread, the connection would
 * be reset, and the answer be lost on its way (RFC 9112, 9.6).
 */
const LINGER: Millis = 1000;

/** For http.Server's `clientError`. It may come again, for what the client sends after that. */
export function answerGarbage(error: NodeJS.ErrnoException, socket: Socket, connections: Connections): void {
  refuseInTurn(socket, problemOf(error), connections);
}

/** For CONNECT. */
export function refuseTunnel(socket: Socket, connections: Connections): void {
  refuseInTurn(socket, new Problem("E_METHOD", "CONNECT is not known here: this is no proxy", []), connections);
}

export function refuseHost(response: ServerResponse): void {
  const { status, headers, body } = answerOf(new Problem("E_USAGE", "Host: is to be there once"));
  response.writeHead(status, headers).end(body);
}

/** The codes are Node's: those of its parser llhttp, and of its own time-outs. */
function problemOf({ code = "", message }: NodeJS.ErrnoException): Problem {
  switch (code) {
    case "HPE_HEADER_OVERFLOW": return new Problem("E_HEADER_TOO_LARGE", "a header may have 16 KiB");
    case "HPE_CHUNK_EXTENSIONS_OVERFLOW": return new Problem("E_TOO_LARGE", "chunk extensions may have 16 KiB");
    case "ERR_HTTP_REQUEST_TIMEOUT": return new Problem("E_TIMEOUT", "the rest of the request did not come in time");
    default: return new Problem("E_USAGE", `that is no HTTP: ${message}`);
  }
}

/** What was asked before is answered before; where one of those answers closes the connection it is the last. */
function refuseInTurn(socket: Socket, problem: Problem, connections: Connections): void {
  connections.whenAnswered(socket, () => {
    if (!socket.writableEnded) refuse(socket, problem);
  });
}

function refuse(socket: Socket, problem: Problem): void {
  // Amid an answer there is no place for another; and whoever has not taken that one does not take this one.
  if (!socket.writable || socket.writableLength > 0 || isAnswering(socket)) return void socket.destroy();
  const { status, headers, body } = answerOf(problem);
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`)];
  socket.end(`${lines.join("\r\n")}\r\n\r\n${body}`);
  const timer = setTimeout(() => socket.destroy(), LINGER);
  socket.once("close", () => clearTimeout(timer));
  socket.resume();
}

/** Node's own mark of the answer that has the connection now; its own answer to garbage looks at it as well. */
function isAnswering(socket: Socket & { _httpMessage?: ServerResponse | null }): boolean {
  return socket._httpMessage?.headersSent ?? false;
}

function answerOf({ status, title, code, message: detail, allow }: Problem) {
  const body = JSON.stringify({ type: "about:blank", title, status, detail, code });
  const headers = {
    "content-type": "application/problem+json", "content-length": String(Buffer.byteLength(body)), "cache-control": "no-store",
    "x-content-type-options": "nosniff", ...(allow !== null && { allow: allow.join(", ") }), connection: "close",
  };
  return { status, headers, body };
}
