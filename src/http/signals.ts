/** Names of signals as people write them. */
import { constants } from "node:os";

import { Problem } from "./problem.ts";

/** Some have two names (SIGIOT, SIGPOLL): the one that stands first is the one that is told. */
const names = new Map(Object.entries(constants.signals).reverse().map(([name, number]) => [number, name]));

/** Node knows none of these. They are those that a configuration may have for its `stop` (config/signals.ts). */
const REAL_TIME = /^SIGRTMIN(?:[+](?:[1-9]|[12][0-9]))?$/;

/** `hup`, `HUP` and `SIGHUP` are one. @throws Problem E_USAGE, with all that there are */
export function signalNamed(text: string): string {
  const upper = text.toUpperCase();
  const asked = upper.startsWith("SIG") ? upper : `SIG${upper}`;
  if (REAL_TIME.test(asked)) return asked;
  const number = Object.entries(constants.signals).find(([name]) => name === asked)?.[1];
  const name = number === undefined ? undefined : names.get(number);
  if (name !== undefined) return name;
  throw new Problem("E_USAGE", `signal: must be one of ${[...names.values()].reverse().join(", ")}, SIGRTMIN, SIGRTMIN+1 to SIGRTMIN+29`);
}
