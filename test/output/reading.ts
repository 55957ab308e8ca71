/** Reads logs as those do who ask for them. */
import type { TestContext } from "node:test";

import type { Logs } from "../../src/output/logs.ts";

type From = Parameters<Logs["follow"]>[1];
type Positions = Exclude<From, { readonly lines: number }>;

export async function newest(logs: Logs, lines: number): Promise<Buffer> {
  const { bytes, close } = await logs.last("web", lines);
  const parts: Buffer[] = [];
  for await (const part of bytes) parts.push(part);
  close();
  return Buffer.concat(parts);
}

/** Takes all that comes, and in between waits for `pause`, so long as there is one. */
export function followed(t: TestContext, logs: Logs, from: From = { lines: 100_000 }, pause: (() => Promise<void>) | null = null) {
  const over = new AbortController();
  const parts: Buffer[] = [];
  const seen = { dropped: 0, isIncomplete: false, last: [] as Positions };
  const done = (async () => {
    for await (const { bytes, at, beside, dropped } of logs.follow("web", from, over.signal)) {
      parts.push(Buffer.from(bytes));
      seen.dropped += dropped ?? 0;
      seen.isIncomplete ||= dropped === null;
      seen.last = [...beside, { file: at.file, offset: at.offset + bytes.length }];
      await pause?.();
    }
  })();
  const end = async () => {
    over.abort();
    await done;
  };
  t.after(end);
  return { text: () => Buffer.concat(parts).toString(), seen, end };
}

export const numbered = (from: number, to: number): string => Array.from({ length: to - from }, (_, n) => `line ${from + n}\n`).join("");
