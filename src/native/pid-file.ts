/**
 * The PID file of a daemon, which is written when the daemon sees fit: read now, and again whenever something changes where
 * it stands or will stand. What it says is no more than a claim: whose process it names is for others to look at.
 */
import { closeSync, constants, fstatSync, openSync, readSync, watch } from "node:fs";
import type { FSWatcher } from "node:fs";
import { basename, dirname } from "node:path";

/** A number of Linux has 7 digits at most. proc_sys_kernel(5), pid_max */
const MOST_READ = 32;

export class PidFile {
  readonly #path: string;
  readonly #claim: (pid: number) => void;
  #watchers: FSWatcher[] = [];
  #closed = false;
  #last: number | null = null;

  /** `claim` gets each pid that the file has come to name, once in a row. */
  constructor(path: string, claim: (pid: number) => void) {
    this.#path = path;
    this.#claim = claim;
    this.#look();
  }

  close(): void {
    this.#closed = true;
    this.#unwatch();
  }

  /** First the watch, then the look: what comes in between is seen twice, and not missed. */
  #look(): void {
    if (this.#closed) return;
    this.#watch();
    const pid = readPid(this.#path);
    if (pid === null || pid === this.#last) return;
    this.#last = pid;
    this.#claim(pid);
  }

  /**
   * The folder of the file, and each above it: any of them may be made, or be removed and made again, and a watch is for
   * the folder that it was set on, not for its name (inotify(7)). So after each change all of them are watched anew.
   */
  #watch(): void {
    this.#unwatch();
    for (let path = this.#path; path !== dirname(path); path = dirname(path)) {
      try {
        const watcher = watch(dirname(path), { persistent: false }, (_, name) => {
          if (name === null || name === basename(path)) this.#look();
        });
        watcher.on("error", () => {}); // it is gone: the folder above has told of that
        this.#watchers.push(watcher);
      } catch {
        // It is not there, or no watch can be had: then there are those above, and the deadline of the start.
      }
    }
  }

  #unwatch(): void {
    for (const watcher of this.#watchers) watcher.close();
    this.#watchers = [];
  }
}

/** Null where there is none, or not yet a whole one. The file is somebody else's: nothing but a plain file is read. */
export function readPid(path: string): number | null {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return null;
  }
  try {
    if (!fstatSync(fd).isFile()) return null;
    const bytes = Buffer.alloc(MOST_READ);
    const [, digits] = /^\s*(\d{1,10})\s/.exec(`${bytes.toString("latin1", 0, readSync(fd, bytes))}\n`) ?? [];
    const pid = Number(digits ?? 0);
    return pid > 1 ? pid : null;
  } catch {
    return null;
  } finally {
    closeSync(fd);
  }
}
