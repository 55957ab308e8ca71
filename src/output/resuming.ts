/**
 * Goes on where somebody has been who has been away. He names a place in each log, and its file is looked for among what that
 * was rotated to meanwhile.
 */
import { Cursor } from "./cursor.ts";
import type { Position } from "./cursor.ts";
import { birthOf } from "./identity.ts";
import { LogFile } from "./log-file.ts";
import type { Log } from "./rotated.ts";

/** @param from in any order: each is in one of the logs, if that is still there */
export async function resumed(logs: readonly Log[], from: readonly Position[]): Promise<Cursor[]> {
  const places = new Map(from.map(({ file, offset }) => [file, offset]));
  const cursors: Cursor[] = [];
  const others: Log[] = [];
  try {
    for (const log of logs) {
      const cursor = await resumedIn(log, places);
      if (cursor === null) others.push(log);
      else cursors.push(cursor);
    }
    // The files of those that are left over have gone. What is older than all of them was told.
    const [lost = null] = [...places.keys()].sort((one, other) => birthOf(one) - birthOf(other));
    for (const log of others) cursors.push(await begun(log, lost));
    return cursors;
  } catch (error) {
    for (const cursor of cursors) await cursor.close();
    throw error;
  }
}

/** @param places without the one that is found */
async function resumedIn({ where, rotated }: Log, places: Map<string, number>): Promise<Cursor | null> {
  const found = await rotated?.find(places) ?? null;
  const file = where.kind === "tail" ? await LogFile.ofTail(where.fd) : found && await rotated?.read(found);
  const offset = file ? places.get(file.id) : undefined;
  if (file && offset !== undefined) {
    places.delete(file.id);
    return new Cursor(where, rotated, file, offset);
  }
  await file?.close();
  return null;
}

/** All that may be new. @param lost a place in it that is not there any more; null: there was none */
async function begun({ where, rotated }: Log, lost: string | null): Promise<Cursor> {
  if (rotated === null) {
    const tail = where.kind === "tail" ? await LogFile.ofTail(where.fd) : null;
    return new Cursor(where, rotated, tail, await tail?.beginning() ?? 0, lost !== null);
  }
  const found = lost === null ? await rotated.newest() : await rotated.firstAfter(lost);
  const file = found && await rotated.read(found);
  return new Cursor(where, rotated, file, 0, lost !== null);
}
