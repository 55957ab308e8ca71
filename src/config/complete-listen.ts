/** What an entry listens on. Whether the address is free shows when it is bound; that it can be bound at all shows here. */
import { basename, resolve } from "node:path";
import { listenerIn } from "./address.ts";
import type { Listen } from "./configuration.ts";
import type { Refuse } from "./spans.ts";

/** PATH_MAX, less its NUL. */
const LONGEST_PATH = 4095;
/** sun_path, less its NUL (unix(7)). */
const LONGEST_ADDRESS = 107;
/** What is longer is bound as `/proc/self/fd/NUMBER/name` (native/sockets.cc), and no descriptor's number has more digits than that. */
const LONGEST_NAME = LONGEST_ADDRESS - "/proc/self/fd/1048576/".length;

/** @param folder the configuration's: relative paths start there */
export function listenOf(address: number | string, folder: string, refuse: Refuse): Listen {
  if (typeof address === "number") return { kind: "tcp", host: null, port: address };
  if (address.includes("/")) return { kind: "unix", path: bindable(resolve(folder, address), refuse) };
  const { host, port } = listenerIn(address) ?? listenerIn(`*:${address}`)
    ?? refuse("listen", `is "${address}", and no port from 1 to 65535, "host:port" with a numeric address, localhost or *, or path with a slash`);
  return { kind: "tcp", host: host === "*" ? null : host, port };
}

function bindable(path: string, refuse: Refuse): string {
  const bytes = Buffer.byteLength(path);
  if (bytes > LONGEST_PATH || (bytes > LONGEST_ADDRESS && Buffer.byteLength(basename(path)) > LONGEST_NAME)) {
    refuse("listen", `is "${path}", which is too long for a socket: give it ${LONGEST_ADDRESS} bytes at most, or a name of ${LONGEST_NAME} in its folder`);
  }
  return path;
}
