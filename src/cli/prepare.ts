/** What the next image will need, and could only die of if it is not to be had: looked at while no is still an answer. */
import { closeSync, constants, openSync } from "node:fs";

import { openOwn } from "../survival/own-file.ts";
import type { Addon } from "../native/addon.ts";
import type { Addresses } from "./addresses.ts";
import { refuseOwn } from "./log-files.ts";
import { makeRunFolder } from "./place.ts";
import type { Place } from "./place.ts";
import { ownLogFiles } from "./sinks.ts";
import { nextTcp } from "./tcp.ts";
import type { TcpSocket } from "./tcp.ts";
import type { Usable } from "./trial.ts";

export interface Present {
  readonly place: Place;
  readonly detached: boolean;
  readonly addon: Addon;
  readonly addresses: Addresses;
  readonly tcp: TcpSocket | null;
}

/** What is newly listened on is bound then; or why it is not to be had. */
export type Prepared = { readonly tcp: TcpSocket | null } | { readonly unusable: string };

export function prepare({ listen, changes, http, logFiles = [], logged = [] }: Usable, { place, detached, addon, addresses, tcp }: Present): Prepared {
  try {
    makeRunFolder(place);
    const files = [place.history];
    if (detached) files.push(...ownLogFiles(place, changes.map(({ entry }) => entry).filter((entry) => !logged.includes(entry))));
    for (const file of files) closeSync(openOwn(file, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT));
    for (const file of logFiles) closeSync(openLog(place, file));
    for (const one of listen) addresses.bind(one, "of the new configuration");
    return { tcp: nextTcp(addon, tcp, http) };
  } catch (error) {
    return { unusable: (error as Error).message };
  }
}

/** As the output thread opens it (native/sink.h): never through a link, and not waiting for the reader of a FIFO. */
function openLog(place: Place, path: string): number {
  try {
    refuseOwn(place, path);
    return openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NOCTTY | constants.O_NONBLOCK, 0o600);
  } catch (error) {
    throw new Error(`cannot use the log file ${path}: ${(error as Error).message}`, { cause: error });
  }
}
