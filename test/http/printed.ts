/** What entries have printed, in memory. */
import type { LastLines, LogPiece, LogPosition, Logs } from "../../src/http/view.ts";

export class FakeLogs implements Logs {
  readonly #printed = new Map<string, Buffer[]>();
  #waiting: (() => void)[] = [];
  /** What `last` has given and nobody has closed. */
  open = 0;
  /** What is told as the reason why nothing can be followed. */
  failure: Error | null = null;
  isKept = true;

  constructor(entries: readonly string[]) {
    for (const name of entries) this.#printed.set(name, []);
  }

  /** Without the newline. */
  print(entry: string, line: string | Buffer): void {
    this.#printed.get(entry)?.push(Buffer.concat([Buffer.from(line), Buffer.from("\n")]));
    for (const goOn of this.#waiting.splice(0)) goOn();
  }

  async last(entry: string, lines: number): Promise<LastLines | null> {
    const printed = this.#printed.get(entry);
    if (printed === undefined) return null;
    const from = Math.max(0, printed.length - lines);
    async function* pieces(): AsyncGenerator<LogPiece> {
      if (lines > 0) yield { bytes: Buffer.concat(printed?.slice(from) ?? []), at: { file: "7", offset: 0 }, dropped: 0 };
    }
    this.open++;
    const end = { file: "7", offset: Buffer.concat(printed).length };
    return { pieces: pieces(), end, modified: Date.UTC(2026, 10, 22, 12), close: () => { this.open--; } };
  }

  follow(entry: string, from: LogPosition | { readonly lines: number }, over: AbortSignal): AsyncIterable<LogPiece> | null {
    return this.isKept ? this.#pieces(entry, from, over) : null;
  }

  async *#pieces(entry: string, from: LogPosition | { readonly lines: number }, over: AbortSignal): AsyncIterable<LogPiece> {
    if (this.failure !== null) throw this.failure;
    const printed = this.#printed.get(entry) ?? [];
    const newest = "lines" in from ? printed.slice(Math.max(0, printed.length - from.lines)) : [];
    let told = "lines" in from ? Buffer.concat(printed).length - Buffer.concat(newest).length : from.offset;
    while (!over.aborted) {
      const all = Buffer.concat(printed);
      if (told < all.length) yield { bytes: all.subarray(told), at: { file: "7", offset: told }, dropped: 0 };
      told = all.length;
      if (!over.aborted) await this.#more(over);
    }
  }

  #more(over: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      over.addEventListener("abort", () => resolve(), { once: true });
    });
  }
}
