/** A client of the TCP address, and what stands in the way of a Sentry there. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { request } from "node:http";
import type { Agent, IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from "node:http";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { networkInterfaces } from "node:os";
import type { TestContext } from "node:test";

import type { Site } from "./site.ts";

export interface Asked {
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string;
  /** Which address is connected to. */
  readonly host?: string;
  /** Keeps its connections; without one, each request has a connection of its own. */
  readonly agent?: Agent;
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** This end of the connection: who has the same twice has used it twice. */
  readonly from: number | undefined;
}

/** @throws the error of a connection that is refused, or ends before the answer does */
export async function ask(port: number, path: string, asked: Asked = {}): Promise<Reply> {
  const { method = "GET", headers = {}, body = "", host = "127.0.0.1", agent = false } = asked;
  const length = method === "GET" ? {} : { "content-length": Buffer.byteLength(body) };
  const [response] = await once(request({ port, host, path, method, agent, headers: { ...length, ...headers } }).end(body), "response") as [IncomingMessage];
  const from = response.socket.localPort;
  let text = "";
  for await (const chunk of response.setEncoding("utf8")) text += String(chunk);
  return { status: response.statusCode ?? 0, headers: response.headers, text, from };
}

/** What the Sentry of `sample.ts` asks for. */
export function tokenOf(site: Site): string {
  return readFileSync(site.path("sample.run/token"), "latin1");
}

export function bearing(token: string): { authorization: string } {
  return { authorization: `Bearer ${token}` };
}

export const asJson = { "content-type": "application/json" };

/** Why nobody answers there; null: somebody does. */
export async function refusalAt(port: number, host = "127.0.0.1"): Promise<string | null> {
  return ask(port, "/health", { host }).then(() => null, (error: NodeJS.ErrnoException) => error.code ?? error.message);
}

export const hasIPv6 = Object.values(networkInterfaces()).flat().some((one) => one?.address === "::1");

/** Addresses by which others could reach this machine. */
export const ownAddresses = Object.values(networkInterfaces()).flat().flatMap((one) => (one?.family === "IPv4" && !one.internal ? [one.address] : []));

/** A port that nobody has. */
export async function freePort(): Promise<number> {
  const taken = await occupy(0);
  await taken.leave();
  return taken.port;
}

export interface Occupant {
  readonly port: number;
  leave(): Promise<void>;
}

/** Somebody else who listens. Whoever connects to it is closed at once. */
export async function occupy(port: number, t?: TestContext, host = "127.0.0.1"): Promise<Occupant> {
  const server = createServer((socket) => socket.destroy()).listen(port, host);
  await once(server, "listening");
  const leave = async (): Promise<void> => {
    if (!server.listening) return;
    server.close();
    await once(server, "close");
  };
  t?.after(leave);
  return { port: (server.address() as AddressInfo).port, leave };
}
