/** Addresses as options give them: `"host:port"`. */
import { isIP } from "node:net";

export interface Address {
  host: string;
  port: number;
}

/** `host:port` or `[host]:port`, taken apart; null where it is neither. */
export function addressIn(text: string): Address | null {
  const [, bracketed, plain, digits] = /^(?:\[([^[\]]+)\]|([^:[\]]+)):([0-9]{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  return host !== undefined && port >= 1 && port <= 65535 ? { host, port } : null;
}

/** One to listen on: all of the machine's (`*`), localhost, or a numeric one. Null where it is none of them: no name is looked up. */
export function listenerIn(text: string): Address | null {
  const { host = "", port = 0 } = addressIn(text) ?? {};
  if (host.toLowerCase() === "localhost") return { host: "localhost", port };
  return host === "*" || (isIP(host) !== 0 && isLinkLocal(host) === host.includes("%")) ? { host, port } : null;
}

/** Such an address, and no other, goes with an interface: `fe80::1%eth0` (ipv6(7), sin6_scope_id). */
function isLinkLocal(host: string): boolean {
  return /^fe[89ab][0-9a-f]:/i.test(host);
}

/** As it was given. */
export function spelled({ host, port }: Address): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** A numeric address, or a name that could be looked up. */
export function isHost(text: string): boolean {
  return isIP(text) !== 0 || /^[A-Za-z0-9._-]+$/.test(text);
}
