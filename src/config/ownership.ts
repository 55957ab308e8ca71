/**
 * As root, a configuration is a program that root runs: who can change it, or anything that it imports, or a folder
 * on the way there, is root. So all of these must belong to root and be writable by nobody else.
 */
import { statSync } from "node:fs";
import { dirname } from "node:path";
import { Complaint } from "./complaint.ts";

/** @param files real paths of what was read: links are resolved, so their own folders do not count */
export function checkOwnership(files: string[]): void {
  const sound = new Set<string>();
  for (const file of files) {
    check(file, false);
    let folder = dirname(file);
    // Anybody may put a file into a sticky folder, so it can be no file's own; above, what is there stays what it is.
    if (!sound.has(`${folder}/.`)) check(folder, false);
    sound.add(`${folder}/.`);
    while (folder !== "/" && !sound.has(folder)) {
      sound.add(folder);
      folder = dirname(folder);
      check(folder, true);
    }
  }
}

function check(path: string, stickyWillDo: boolean): void {
  const { uid, mode } = statSync(path);
  if (uid !== 0) throw new Complaint(`${path} belongs to user ${uid}; as root, Sentry uses only what belongs to root`);
  if ((mode & 0o022) === 0 || (stickyWillDo && (mode & 0o1000) !== 0)) return;
  throw new Complaint(`${path} can be written to by others than root; as root, Sentry does not use it (chmod go-w)`);
}
