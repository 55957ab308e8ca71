/**
 * Which file it is, whatever its name is by now. The number of an inode alone does not say that, for the file system gives
 * it to the next file as soon as one is removed: so the moment of birth goes with it (statx(2); where a file system does
 * not know it, there is the number only).
 *
 * A rotated file that was compressed is another file, with the same lines. So that whoever was in the middle of it finds the
 * place again, it begins with an empty member (RFC 1952, 2.2), whose extra field (2.3.1.1) says which file it was.
 */
import type { BigIntStats } from "node:fs";
import type { FileHandle } from "node:fs/promises";

/** Two letters of our own. */
const SUBFIELD = "Sy";

/** Magic, deflate, FEXTRA; no time, no flags, Unix. */
const HEADER = [0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 3];

/** An empty deflate stream, the checksum of nothing, and its length. */
const EMPTY = [3, 0, 0, 0, 0, 0, 0, 0, 0, 0];

const LONGEST_ID = 64;

export function identityOf({ ino, birthtimeMs }: BigIntStats): string {
  return `${ino.toString(36)}-${birthtimeMs.toString(36)}`;
}

/** In milliseconds since the epoch; 0: not known. */
export function birthOf(id: string): number {
  const birth = Number.parseInt(id.split("-")[1] ?? "", 36);
  return Number.isNaN(birth) ? 0 : birth;
}

/** What a compressed file begins with. */
export function markOf(id: string): Buffer {
  const field = Buffer.from(`${SUBFIELD}..${id}`, "latin1");
  field.writeUInt16LE(id.length, 2);
  const length = Buffer.alloc(2);
  length.writeUInt16LE(field.length);
  return Buffer.concat([Buffer.from(HEADER), length, field, Buffer.from(EMPTY)]);
}

/** Which file it was; null where somebody else has compressed it. */
export async function originalOf(packed: FileHandle): Promise<string | null> {
  const bytes = Buffer.alloc(HEADER.length + 6 + LONGEST_ID);
  const { bytesRead } = await packed.read(bytes, 0, bytes.length, 0);
  const [head, field] = [bytes.subarray(0, HEADER.length), bytes.subarray(HEADER.length + 2, bytesRead)];
  if (field.length < 4 || !head.equals(Buffer.from(HEADER)) || field.toString("latin1", 0, 2) !== SUBFIELD) return null;
  const id = field.toString("latin1", 4, 4 + field.readUInt16LE(2));
  return /^[\da-z]+-[\da-z]+$/.test(id) ? id : null;
}
