/**
 * Waits for what must come true. Looked at again and again: what other processes do has no event here. The limit is only
 * there so that what never comes true has a name.
 */
import { setTimeout as pause } from "node:timers/promises";

const LIMIT_MS = 30_000;

export async function until<T>(
  what: string, look: () => T | Promise<T>, seen: () => string = () => "",
): Promise<Exclude<T, false | null | undefined>> {
  const begin = performance.now();
  for (;;) {
    const found = await look();
    if (found !== false && found !== null && found !== undefined) return found as Exclude<T, false | null | undefined>;
    if (performance.now() - begin > LIMIT_MS) throw new Error(`it never came true that ${what}\n${seen()}`);
    await pause(5);
  }
}
