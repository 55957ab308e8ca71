/** The clean end of Sentry: nothing is alive any more, and everything that has a name in the file system is taken back. */
import { rmSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

import type { Hooks } from "../config/hooks.ts";
import type { Millis } from "../core/types.ts";
import type { Addon, Fact } from "../native/addon.ts";
import type { Transcript } from "../output/journal.ts";
import type { History } from "../survival/history.ts";
import type { Addresses } from "./addresses.ts";
import type { Doors } from "./doors.ts";
import type { Keeper } from "./keeper.ts";
import type { Place } from "./place.ts";
import type { TcpSocket } from "./tcp.ts";

/** How long the output may take at the end. */
const LAST_WORDS: Millis = 2000;

/** The flush at the end; reloads have other numbers. */
export const LEAVING = 0;

export type LostFact = Extract<Fact, { kind: "lost" }>;

export interface Leaving {
  readonly place: Place;
  readonly addon: Addon;
  readonly keeper: Keeper;
  readonly transcript: Transcript;
  readonly history: History;
  readonly addresses: Addresses;
  readonly tcp: TcpSocket | null;
  readonly doors: Doors | null;
  readonly hooks: Hooks | null;
  /** Resolves once the native threads have answered the flush of that number. */
  readonly flushed: Promise<void>;
}

/** What was printed is written before the end, and what has happened is told; but nobody who is slow is waited for. */
export async function sayBye({ transcript, addon, doors, hooks, flushed }: Leaving): Promise<void> {
  await hooks?.finish(LAST_WORDS);
  transcript.tell("Bye.");
  addon.flush(LEAVING);
  await Promise.race([flushed, pause(LAST_WORDS)]);
  await doors?.endStreams(LAST_WORDS); // to whoever follows logs, all that is written by now
}

/** @param lost is told of output that nobody has taken until now */
export function clearUp({ place, addon, keeper, hooks, history, addresses, tcp }: Leaving, lost: (fact: LostFact) => void): void {
  hooks?.close();
  keeper.letGo();
  for (const fact of addon.finish()) if (fact.kind === "lost") lost(fact);
  history.close();
  rmSync(place.state, { force: true });
  addresses.removeAll();
  if (tcp !== null) addon.close(tcp.fd);
  addon.endKeeper();
  addon.removeSocket(place.socket);
  addon.removeLock(place.pidFile);
}
