/** What a verb answers with: sentences, or with --json one document. What moves the cursor is spelled out in both. */
import { HARMFUL, printableText } from "../printable.ts";

export function print(what: string | object): void {
  void write(lineOf(what));
}

/** For one line of many: resolves once it is out, with whether anybody still reads. */
export function printed(what: string | object): Promise<boolean> {
  return write(lineOf(what));
}

/** As it is. Resolves once it is out, with whether anybody still reads: `sentry events -f | head -1` is no error. */
export function write(what: string | Uint8Array): Promise<boolean> {
  const { stdout } = process;
  if (stdout.listenerCount("error") === 0) stdout.on("error", () => {}); // told by the callback
  return new Promise((resolve) => stdout.write(what, (error) => resolve(error === null || error === undefined)));
}

/** Columns of the terminal; Infinity where there is none, or it does not know its size. */
export function room(): number {
  return process.stdout.columns || Infinity;
}

function lineOf(what: string | object): string {
  return `${typeof what === "string" ? printableText(what) : jsonOf(what)}\n`;
}

/** JSON itself spells out only what is below a blank. */
export function jsonOf(what: object | string): string {
  return JSON.stringify(what).replace(HARMFUL, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
