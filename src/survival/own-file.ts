/** Files of the run folder: opened without following links, and used only where they are ours and plain files. */
import { closeSync, constants, fstatSync, openSync, readdirSync, rmSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { basename, dirname, join } from "node:path";

/** O_NONBLOCK: a FIFO in its place must not hold us up until somebody writes to it. fifo(7) */
const ALWAYS = constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** @throws Error with the `code` of open(2), or without one where it is not ours */
export function openOwn(path: string, flags: number): number {
  const fd = openSync(path, flags | ALWAYS, 0o600);
  const found = fstatSync(fd);
  const why = found.isFile() ? (found.uid === process.geteuid?.() ? null : `belongs to another user (uid ${found.uid})`) : "is no plain file";
  if (why === null) return fd;
  closeSync(fd);
  throw new Error(`${path} ${why}`);
}

/** A new file beside another, to take its place by rename(2) once it is whole. */
export function openBeside(path: string): { fd: number; temporary: string } {
  const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  return { fd: openOwn(temporary, constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_EXCL), temporary };
}

/** What a Sentry that was killed in the middle of it has left. */
export function removeLeftovers(path: string): void {
  for (const name of readdirSync(dirname(path))) {
    const ours = name.startsWith(`${basename(path)}.`) && /\.[0-9a-f]{12}\.tmp$/.test(name);
    if (ours) rmSync(join(dirname(path), name), { force: true });
  }
}
