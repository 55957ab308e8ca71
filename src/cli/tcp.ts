/**
 * The TCP socket on which HTTP is served. One that a configuration asks for has to be there; the default address is
 * whoever's comes first, and a second Sentry on the machine does without.
 */
import type { HttpConfiguration } from "../config/configuration.ts";
import type { Addon } from "../native/addon.ts";
import { orRefuse } from "./refusal.ts";

/** A listening socket of our own; Node is given duplicates. */
export interface TcpSocket {
  readonly host: string;
  readonly port: number;
  readonly fd: number;
}

/** @throws SentryError where the machine refuses */
export function bindTcp(addon: Addon, { host, port }: HttpConfiguration): TcpSocket {
  return { host, port, fd: orRefuse("TCP for HTTP", () => addon.listenTcp(host, port)) };
}

/** @returns null where it cannot be had; what is `told` then says so */
export function tryTcp(addon: Addon, http: HttpConfiguration, told: string[]): TcpSocket | null {
  try {
    return bindTcp(addon, http);
  } catch (error) {
    const why = (error as Error).message;
    told.push(`${why.charAt(0).toUpperCase()}${why.slice(1)}. Sentry supervises on without it: the Unix socket answers, and the option \`http\` can name another address.`);
    return null;
  }
}

/**
 * What the next configuration wants of it, as far as this image can see to it. Null: nothing, or it is for the next image
 * to try: the default address, or one that this image's own socket is in the way of (`*` and another host of the same port).
 * @throws SentryError where an address that it asks for cannot be had
 */
export function nextTcp(addon: Addon, bound: TcpSocket | null, http: HttpConfiguration | null): TcpSocket | null {
  if (http === null) return null;
  if (bound?.host === http.host && bound.port === http.port) return bound;
  return http.isDefault || isInTheWay(bound, http) ? null : bindTcp(addon, http);
}

function isInTheWay(bound: TcpSocket | null, { host, port }: HttpConfiguration): boolean {
  return bound?.port === port && [bound.host, host].some((one) => WILDCARDS.includes(one) || one === "localhost");
}

/** All addresses of the machine: ip(7), ipv6(7). */
const WILDCARDS = ["*", "0.0.0.0", "::"];
