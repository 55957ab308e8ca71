/**
 * A compressed log, unpacked into a file without a name: so it is read as any other is, and gone when it is closed. Whoever
 * may write in its folder can have made it so that it unpacks to a thousand times its size: it gets half of the room there is.
 */
import { constants } from "node:fs";
import { mkdtemp, open, rmdir, statfs, unlink, writeFile } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

/** open(2): a file without a name. Node has no constant for it; the number holds on x64 and arm64. */
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;

/** Bytes at a time. */
const PIECE = 256 * 1024;

/**
 * @param folder where the file can be
 * @param most bytes that it may have. Null: there is no room for it, or it is damaged
 */
export async function unpacked(packed: FileHandle, folder: string, most?: number): Promise<FileHandle | null> {
  const { createGunzip } = await import("node:zlib");
  const room = most ?? await halfOfRoom(folder);
  const file = await nameless(folder);
  try {
    await pipeline(bytesOf(packed), createGunzip({ chunkSize: PIECE }), (bytes: AsyncIterable<Buffer>) => writeFile(file, within(room, bytes)));
    return file;
  } catch {
    await file.close();
    return null;
  }
}

/** Not Node's own stream: that holds a handle open which it is not to close. */
async function* bytesOf(file: FileHandle): AsyncGenerator<Buffer> {
  for (let offset = 0; ;) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(PIECE), 0, PIECE, offset);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
    offset += bytesRead;
  }
}

async function halfOfRoom(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize / 2;
}

async function* within(most: number, bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let room = most;
  for await (const piece of bytes) {
    room -= piece.length;
    if (room < 0) throw new Error("there is no room for it");
    yield piece;
  }
}

async function nameless(folder: string): Promise<FileHandle> {
  try {
    return await open(folder, constants.O_RDWR | O_TMPFILE, 0o600);
  } catch (error) {
    // Not every file system can (overlayfs since Linux 6.3), and a kernel that does not know the flag opens the folder.
    if (!["EOPNOTSUPP", "ENOTSUP", "EISDIR", "EINVAL"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
  const own = await mkdtemp(join(folder, "unpacked-"));
  const path = join(own, "log");
  try {
    const file = await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600);
    await unlink(path);
    return file;
  } finally {
    await rmdir(own);
  }
}
