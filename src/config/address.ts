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

/** As it was given. */
export function spelled({ host, port }: Address): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** A numeric address, or a name that could be looked up. */
export function isHost(text: string): boolean {
  return isIP(text) !== 0 || /^[A-Za-z0-9._-]+$/.test(text);
}
