/** How a process is looked at from outside. A look finds it well or not; what follows from that is the law's affair. */
import type { Millis } from "../core/types.ts";

export type Probe =
  /** A connection is accepted. `host`: a name or a numeric address. */
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  /** A GET is answered with a status from 200 to 399. RFC 9110 */
  | { readonly kind: "http"; readonly url: string }
  /** A program exits with 0. It runs in the way of the entry: its user, its environment, its folder. */
  | { readonly kind: "exec"; readonly command: string; readonly args: readonly string[] };

/**
 * What makes a process ready. `fd`: a newline on that descriptor. `log`: a line of its output that the pattern matches, by
 * its source and flags (RegExp), without colours. `interval`: from the end of a look that found it not ready to the next.
 */
export type Ready =
  | { readonly kind: "notify" }
  | { readonly kind: "fd"; readonly fd: number }
  | { readonly kind: "log"; readonly source: string; readonly flags: string }
  | Probe & { readonly interval: Millis };

/** `interval`: from the beginning of a look to that of the next. `timeout`: what has not been answered by then is not well. */
export interface Health { readonly probe: Probe; readonly interval: Millis; readonly timeout: Millis }
