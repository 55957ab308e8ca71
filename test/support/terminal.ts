/** A pseudo-terminal with a program in it. test/fixtures/terminal.py holds its other end, for Node has no way to make one. */
import type { ChildProcess } from "node:child_process";

import { until } from "./until.ts";

export class Terminal {
  readonly process: ChildProcess;
  /** The exit code of the program in it, or 128 and the number of the signal. */
  readonly ended: Promise<number | null>;
  /** All that it shows. */
  screen = "";
  #seen = 0;

  constructor(process: ChildProcess) {
    this.process = process;
    process.stdout?.on("data", (chunk: Buffer) => { this.screen += chunk.toString(); });
    this.ended = new Promise((resolve) => process.on("close", (code) => resolve(code)));
  }

  /** Waits until it shows this, after what was waited for before. */
  async shows(pattern: RegExp): Promise<RegExpExecArray> {
    const found = await until(`the terminal shows ${String(pattern)}`, () => pattern.exec(this.screen.slice(this.#seen)),
      () => this.screen.slice(-1000));
    this.#seen += found.index + found[0].length;
    return found;
  }

  type(keys: string): void {
    this.process.stdin?.write(keys);
  }

  /** From now on nobody reads what is written to it. */
  stopReading(): void {
    this.process.kill("SIGUSR1");
  }

  resumeReading(): void {
    this.process.kill("SIGUSR2");
  }

  /** As when its window is closed: the kernel hangs up. */
  close(): void {
    this.process.stdin?.end();
  }
}
