/** The address of HTTP, with its defaults. */
import { isIP } from "node:net";
import { listenerIn } from "./address.ts";
import { Complaint } from "./complaint.ts";
import type { HttpConfiguration } from "./configuration.ts";
import type { Given } from "./given.ts";
import type { HttpAddress, HttpOptions, SentryOptions } from "./options.ts";

const standard: HttpAddress = "127.0.0.1:8001";

export function httpOf(http: SentryOptions["http"], place: Given["place"]): HttpConfiguration | null {
  if (http === false) return null;
  const { address, hosts = [] }: HttpOptions = typeof http === "object" ? http : http === undefined ? {} : { address: http };
  const found = listenerIn(address ?? standard);
  if (found === null) {
    throw new Complaint(`option \`http\`: "${address}" is no "host:port" with a numeric address, localhost or *, and a port from 1 to 65535`, place);
  }
  const unusable = hosts.find((name) => !isNameable(name));
  if (unusable !== undefined) throw new Complaint(`option \`http.hosts\`: "${unusable}" is no name and no numeric address`, place);
  return { ...found, hosts: [...hosts], isDefault: address === undefined };
}

/** As a request can name it (RFC 9110, 7.2). */
function isNameable(text: string): boolean {
  return isIP(text) !== 0 || (/^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?$/.test(text) && URL.canParse(`http://${text}`));
}
