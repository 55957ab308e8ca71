/**
 * The door of the TCP address. Anybody on the machine can connect to that, and so can any web page that a user of the
 * machine opens, by way of the browser. So
 * - a request has to name an address or a name that is ours. A page whose own name was made to lead here (DNS rebinding)
 *   is same-origin to its browser, and could read everything; but its requests name it.
 * - a request that a page of another origin makes is refused, whatever it asks for: the browser says so in `Origin`.
 * - what tells more than how things are, or does anything, asks for the token.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

import type { By } from "../core/types.ts";
import type { Connections } from "./connections.ts";
import type { Door, Openness } from "./doors.ts";
import { canonicalAddress, canonicalHost, isLoopback, sameOrigin } from "./origin.ts";
import { Problem } from "./problem.ts";
import type { Streams } from "./streams.ts";

export interface Rules {
  /** As it is configured; the host may be `*`, for all addresses. */
  readonly address: { readonly host: string; readonly port: number };
  /** By these names too a request may ask for it. */
  readonly hosts: readonly string[];
  /** The right one. */
  readonly token: string;
}

export class Guard implements Door {
  readonly streams: Streams;
  readonly connections: Connections;
  readonly #known: ReadonlySet<string | null>;
  /** Others than this machine's own can reach it. */
  readonly #isExposed: boolean;
  readonly #token: string;

  constructor({ address: { host }, hosts, token }: Rules, streams: Streams, connections: Connections) {
    this.#known = new Set(["localhost", host, ...hosts].map(canonicalAddress));
    this.#isExposed = !isLoopback(host);
    this.#token = token;
    this.streams = streams;
    this.connections = connections;
  }

  refusal(request: IncomingMessage, openness: Openness): Problem | null {
    const { host = "", origin } = request.headers;
    if (!this.#isOurs(host, request.socket.localAddress)) {
      return new Problem("E_FORBIDDEN", "Host: is not the address, localhost, or one of the configuration's `hosts`");
    }
    if (origin !== undefined && !sameOrigin(origin, host)) {
      return new Problem("E_FORBIDDEN", "Origin: is another than this address: no page of another may ask here");
    }
    if (openness === "always" || (openness === "reading" && !this.#isExposed) || this.#hasToken(request)) return null;
    return new Problem("E_UNAUTHORIZED", "this asks for Authorization: Bearer, with the token in the run folder");
  }

  by(request: IncomingMessage): By {
    return this.#hasToken(request) ? { kind: "token", pid: null, uid: null } : null;
  }

  #isOurs(host: string, localAddress: string | undefined): boolean {
    const asked = canonicalHost(host);
    return asked !== null && (this.#known.has(asked) || asked === canonicalAddress(localAddress ?? ""));
  }

  #hasToken({ headers: { authorization = "" } }: IncomingMessage): boolean {
    const [, shown] = /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i.exec(authorization) ?? []; // RFC 6750, 2.1
    return shown !== undefined && isEqual(shown, this.#token);
  }
}

/** How long it takes tells nothing of where they differ: timingSafeEqual wants the same lengths, so digests are compared. */
function isEqual(shown: string, right: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(shown), digest(right));
}
