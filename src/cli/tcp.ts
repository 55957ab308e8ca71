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
  const address = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  return { host, port, fd: orRefuse(`${address} for HTTP`, () => addon.listenTcp(host, port)) };
}

/** @returns null where it cannot be had; what is `told` then says so */
export function tryTcp(addon: Addon, http: HttpConfiguration, told: string[]): TcpSocket | null {
  try {
    return bindTcp(addon, http);
  } catch (error) {
    const [why = ""] = (error as Error).message.split("\n");
    told.push(`${why.charAt(0).toUpperCase()}${why.slice(1)}; Sentry supervises on without HTTP over TCP. Its Unix socket answers.`);
    return null;
  }
}

/**
 * What the next configuration wants of it, as far as this image can see to it. Null: nothing, or it is for the next image
 * to try: the default address, or another address of the same port, which this image has.
 * @throws SentryError where an address that it asks for cannot be had
 */
export function nextTcp(addon: Addon, bound: TcpSocket | null, http: HttpConfiguration | null): TcpSocket | null {
  if (http === null) return null;
  if (bound?.host === http.host && bound.port === http.port) return bound;
  return http.isDefault || bound?.port === http.port ? null : bindTcp(addon, http);
}
