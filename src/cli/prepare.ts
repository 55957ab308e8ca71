/** What the next image will need, and could only die of if it is not to be had: looked at while no is still an answer. */
import { closeSync, constants } from "node:fs";

import { openOwn } from "../survival/own-file.ts";
import type { Addresses } from "./addresses.ts";
import { makeRunFolder } from "./place.ts";
import type { Place } from "./place.ts";
import { ownLogFiles } from "./sinks.ts";
import type { Usable } from "./trial.ts";

/** @returns why it is not to be had; null where all of it is. What is newly listened on is bound then. */
export function prepare(
  { listen, changes }: Usable, { place, detached, addresses }: { readonly place: Place; readonly detached: boolean; readonly addresses: Addresses },
): string | null {
  try {
    makeRunFolder(place);
    const files = [place.history];
    if (detached) files.push(...ownLogFiles(place, changes.map(({ entry }) => entry)));
    for (const file of files) closeSync(openOwn(file, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT));
    for (const one of listen) addresses.bind(one, "of the new configuration");
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}
