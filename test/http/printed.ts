/** What entries have printed, in memory. */
import type { LastLines, LogPiece, LogPosition, Logs } from "../../src/http/view.ts";

export class FakeLogs implements Logs {
  readonly #printed = new Map<string, Buffer[]>();
  #waiting: (() => void)[] = [];
  /** What `last` has given and nobody has closed. */
  open = 0;
  /** What is told as the reason why nothing can be followed. */
  failure: Error | null = null;
  /** What is said to be gone. */
  dropped: number | null = 0;
  /** Places in other files of the entry. */
  beside: readonly LogPosition[] = [];

  constructor(entries: readonly string[]) {
    for (const name of entries) this.#printed.set(name, []);
  }

  /** Without the newline. */
  print(entry: string, line: string | Buffer): void {
    this.#printed.get(entry)?.push(Buffer.concat([Buffer.from(line), Buffer.from("\n")]));
    for (const goOn of this.#waiting.splice(0)) goOn();
  }

  format(): "json" {
    return "json";
  }

  async last(entry: string, lines: number): Promise<LastLines> {
    const printed = this.#printed.get(entry) ?? [];
    const from = Math.max(0, printed.length - lines);
    async function* bytes(): AsyncGenerator<Buffer> {
      if (lines > 0) yield Buffer.concat(printed.slice(from));
    }
    this.open++;
    const end = [{ file: "7", offset: Buffer.concat(printed).length }, ...this.beside];
    return { bytes: bytes(), end, modified: Date.UTC(2026, 10, 22, 12), close: () => { this.open--; } };
  }

  async *follow(entry: string, from: readonly LogPosition[] | { readonly lines: number }, over: AbortSignal): AsyncGenerator<LogPiece> {
    if (this.failure !== null) throw this.failure;
    const printed = this.#printed.get(entry) ?? [];
    const newest = "lines" in from ? printed.slice(Math.max(0, printed.length - from.lines)) : [];
    let told = "lines" in from ? Buffer.concat(printed).length - Buffer.concat(newest).length
      : from.find(({ file }) => file === "7")?.offset ?? 0;
    while (!over.aborted) {
      const all = Buffer.concat(printed);
      const { dropped, beside } = this;
      if (told < all.length) yield { bytes: all.subarray(told), at: { file: "7", offset: told }, dropped, beside };
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
