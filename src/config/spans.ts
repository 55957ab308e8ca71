/** Spans of time and the bounds that they have. */
import type { Millis } from "../core/types.ts";
import type { Duration } from "./options-units.ts";
import { millisOf } from "./units.ts";

/** Says why an option of an entry cannot be what it is. */
export type Refuse = (option: string, why: string) => never;

// setTimeout(3) of Node takes no more, and would fire at once.
const longestSpan = 2 ** 31 - 1;

export function spanOf(option: string, given: Duration, refuse: Refuse): Millis {
  const millis = millisOf(given);
  return millis <= longestSpan ? millis : refuse(option, "must be at most 24 days");
}

/** Of no length at all it would mean nothing. */
export function stretchOf(option: string, given: Duration, refuse: Refuse): Millis {
  const millis = spanOf(option, given, refuse);
  return millis > 0 ? millis : refuse(option, "must be more than 0");
}
