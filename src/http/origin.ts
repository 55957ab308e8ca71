/** Hosts and origins as requests name them, in the one form in which they can be compared. */
import { isIP, isIPv6 } from "node:net";

/**
 * Without its port: a forwarded port is another. The WHATWG's URL parser is what browsers write these with: lower case,
 * IPv6 in its shortest form and in brackets.
 *
 * @returns null for what names no host
 */
export function canonicalHost(host: string): string | null {
  if (!/^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{0,5})?$/.test(host) || !URL.canParse(`http://${host}`)) return null;
  const { hostname } = new URL(`http://${host}`);
  return plain(hostname.replace(/\.$/, "")); // the name from the root of the DNS is the same name
}

/** The same of what is configured, or is an address of the machine: there IPv6 has no brackets. */
export function canonicalAddress(text: string): string | null {
  return canonicalHost(isIPv6(text) ? `[${text}]` : text);
}

/** Whether a page of that origin is one of ours, as its browser has named us. Here ports matter: another port is another program. */
export function sameOrigin(origin: string, host: string): boolean {
  if (!/^https?:\/\/[^/?#@\\\s]+$/.test(origin) || !URL.canParse(origin) || canonicalHost(host) === null) return false;
  const page = new URL(origin);
  const ours = `${page.protocol}//${host}`; // a port may be left out, and which one that is depends on the scheme
  return URL.canParse(ours) && new URL(ours).host === page.host;
}

/** Only this machine reaches it. */
export function isLoopback(host: string): boolean {
  const canonical = canonicalAddress(host) ?? "";
  return canonical === "localhost" || canonical === "[::1]" || (isIP(canonical) === 4 && canonical.startsWith("127."));
}

/** An IPv4 address that a socket for both has given as IPv6 (`::ffff:127.0.0.1`, RFC 4291, 2.5.5.2). */
function plain(hostname: string): string {
  const [, high, low] = /^\[::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/.exec(hostname) ?? [];
  if (high === undefined || low === undefined) return hostname;
  const bits = Number.parseInt(high, 16) * 0x10000 + Number.parseInt(low, 16);
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 0xff).join(".");
}
