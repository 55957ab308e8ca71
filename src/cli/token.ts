/**
 * The token that HTTP over TCP asks for: 32 random bytes in hex, in a file that only its owner can read. It stays over
 * reloads, stops and crashes, so that whoever was given it need not be told again; without the file there is a new one
 * at the next start or reload.
 */
import { randomBytes } from "node:crypto";
import { closeSync, constants, fchmodSync, fstatSync, ftruncateSync, readFileSync, writeSync } from "node:fs";

import type { Transcript } from "../output/journal.ts";
import { openOwn } from "../survival/own-file.ts";
import type { Place } from "./place.ts";

/**
 * Read, or made. Where the file cannot be had, no token that anybody has is the right one until the next start or reload:
 * that is told, and is no reason to supervise nothing.
 */
export function tokenOf(place: Place, transcript: Pick<Transcript, "tell">): string {
  try {
    return readToken(place);
  } catch (error) {
    transcript.tell(`There is no token, so HTTP over TCP can only be read: ${(error as Error).message}`);
    return newToken();
  }
}

/** @throws Error with the `code` of open(2), or without one where the file is not ours */
function readToken({ token: path }: Place): string {
  const fd = openOwn(path, constants.O_RDWR | constants.O_CREAT);
  try {
    if ((fstatSync(fd).mode & 0o777) !== 0o600) fchmodSync(fd, 0o600); // somebody has changed that, or the umask has
    const found = readFileSync(fd, "latin1").trim();
    if (/^[0-9a-f]{64}$/.test(found)) return found;
    const token = newToken();
    ftruncateSync(fd);
    writeSync(fd, token, 0);
    return token;
  } finally {
    closeSync(fd);
  }
}

function newToken(): string {
  return randomBytes(32).toString("hex");
}
