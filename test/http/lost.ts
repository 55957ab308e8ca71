import type { LostRecord } from "../../src/core/record.ts";

export function lost(what: LostRecord["what"], count: number): LostRecord {
  return { type: "lost", at: 0, entry: null, slot: null, pid: null, cause: null, by: null, what, count };
}
