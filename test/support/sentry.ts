/** A real Sentry that runs in the foreground: its transcript, line by line, and its end. */
import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";

import { until } from "./until.ts";

/** The moment and the process that begin a line, and the columns that they take. */
export const LABEL = String.raw`\d\d:\d\d:\d\d \S+ +`;
export const COLUMNS = 25;

export interface End {
  readonly code: number | null;
  readonly signal: string | null;
}

export class Sentry {
  readonly process: ChildProcess;
  /** Once its stdout is closed as well. */
  readonly ended: Promise<End>;
  stderr = "";
  readonly #nobodyLeft: () => Promise<void>;
  #chunks: Buffer[] = [];
  readonly #lines: string[] = [];
  /** Bytes that are in `#lines` already. */
  #cut = 0;
  readonly #found = new Map<string, number>();

  /** @param nobodyLeft waits until all processes are gone that it, or what it started, has left behind */
  constructor(process: ChildProcess, nobodyLeft: () => Promise<void>) {
    this.process = process;
    this.#nobodyLeft = nobodyLeft;
    process.stdout?.on("data", (chunk: Buffer) => this.#chunks.push(chunk));
    process.stderr?.on("data", (chunk: Buffer) => { this.stderr += chunk.toString(); });
    this.ended = new Promise((resolve) => process.on("close", (code, signal) => resolve({ code, signal })));
  }

  get pid(): number {
    const { pid } = this.process;
    assert(pid !== undefined, "it was not started");
    return pid;
  }

  /** All bytes so far. */
  get bytes(): Buffer {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0] ?? Buffer.alloc(0);
  }

  /** All complete lines so far. */
  get lines(): string[] {
    const { bytes } = this;
    for (let end = bytes.indexOf("\n", this.#cut); end !== -1; end = bytes.indexOf("\n", this.#cut)) {
      this.#lines.push(bytes.toString("utf8", this.#cut, end));
      this.#cut = end + 1;
    }
    return this.#lines;
  }

  /** The next line that looks like this: after the one that was found by the same pattern before. */
  line(pattern: RegExp): Promise<RegExpExecArray> {
    const key = String(pattern);
    return until(`the transcript has a line ${key}`, () => {
      const { lines } = this;
      for (let n = this.#found.get(key) ?? 0; n < lines.length; n++) {
        const found = pattern.exec(lines[n] ?? "");
        if (found === null) continue;
        this.#found.set(key, n + 1);
        return found;
      }
      assert(this.process.stdout?.readable, `it ended without a line ${key}\n${this.#told()}`);
      return null;
    }, () => this.#told());
  }

  /** Waits for the next start of an entry's process, and gives its pid. */
  async started(entry: string): Promise<number> {
    const found = await this.line(new RegExp(String.raw`^\S+ ${entry}\.(\d+) +Started at \d+\.$`));
    return Number(found[1]);
  }

  kill(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  /** Stops it, and sees that it ends as it should and leaves nobody behind. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    this.kill(signal);
    await this.endsWell();
  }

  /** The same, with a second signal, which does not wait for the grace. */
  async hurry(): Promise<void> {
    this.kill("SIGINT");
    await this.stop("SIGTERM");
  }

  async endsWell(): Promise<void> {
    assert.deepEqual(await this.ended, { code: 0, signal: null }, this.#told());
    await this.#nobodyLeft();
  }

  #told(): string {
    return [...this.lines, this.stderr].join("\n");
  }
}
