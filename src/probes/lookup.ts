/**
 * The addresses of a name. getaddrinfo(3) holds one of the four threads that Node reads files with, for as long as a
 * nameserver is silent, and cannot be called off. So however often and by how many a name is asked for, it is asked once at
 * a time; and localhost, which is nothing to ask anybody for (RFC 6761, 6.3), never.
 */
import { lookup as ask } from "node:dns/promises";
import type { LookupAddress } from "node:dns";
import type { LookupFunction } from "node:net";

const LOOPBACK: LookupAddress[] = [{ address: "127.0.0.1", family: 4 }, { address: "::1", family: 6 }];

const asked = new Map<string, Promise<LookupAddress[]>>();

export const lookup: LookupFunction = (host, { all }, answer) => {
  addressesOf(host).then(
    (addresses) => {
      const [first] = addresses;
      if (all === true || first === undefined) answer(null, addresses);
      else answer(null, first.address, first.family);
    },
    (error: NodeJS.ErrnoException) => answer(error, []),
  );
};

async function addressesOf(host: string): Promise<LookupAddress[]> {
  if (host === "localhost") return LOOPBACK;
  let addresses = asked.get(host);
  if (addresses === undefined) {
    addresses = ask(host, { all: true }).finally(() => asked.delete(host));
    asked.set(host, addresses);
  }
  return addresses;
}
