/**
 * Who is to take a process's place stands nowhere but in what that process has said (MAINPID, sd_notify(3)). A successor that
 * does not know of it takes the other one for something that was left behind, and ends it. So the state is written down when
 * that is said: once a second at most, for whoever says it may go on saying it.
 */
import type { Command } from "../core/command.ts";
import type { Millis, RunId } from "../core/types.ts";

const BETWEEN: Millis = 1000;

export class Named {
  readonly #write: () => void;
  /** What each run has named last. */
  readonly #latest = new Map<RunId, number>();
  #rest: NodeJS.Timeout | null = null;
  #isNew = false;

  constructor(write: () => void) {
    this.#write = write;
  }

  /** Once the law has obeyed them: what is written down is the state after that. */
  heard(commands: readonly Command[]): void {
    for (const command of commands) {
      if (command.kind === "exited") this.#latest.delete(command.run);
      else if (command.kind === "notified" && command.tidings.mainPid !== null) this.#name(command.run, command.tidings.mainPid);
    }
    if (this.#isNew && this.#rest === null) this.#writeDown();
  }

  close(): void {
    if (this.#rest !== null) clearTimeout(this.#rest);
    this.#isNew = false;
  }

  #name(run: RunId, pid: number): void {
    if (this.#latest.get(run) === pid) return;
    this.#latest.set(run, pid);
    this.#isNew = true;
  }

  #writeDown(): void {
    this.#isNew = false;
    this.#write();
    this.#rest = setTimeout(() => {
      this.#rest = null;
      if (this.#isNew) this.#writeDown();
    }, BETWEEN).unref();
  }
}
