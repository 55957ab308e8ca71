/** The options that say when a process is ready, and whether it is well. */
import type { Duration, OneOf } from "./options-units.ts";

/** How a process is looked at from outside. */
export interface Probes {
  /** A connection is accepted, by a port of localhost or by `"host:port"`. */
  tcp: number | `${string}:${bigint}` | `[${string}]:${bigint}`;
  /** A GET is answered with a status from 200 to 399 (RFC 9110). Without a user or password in it. */
  http: `http://${string}` | `https://${string}`;
  /** This program, with these arguments, exits with 0. It runs as the entry does: its user, environment and folder. */
  exec: readonly [program: string, ...args: string[]];
}

/** What makes a process ready. */
export interface ReadyWays extends Probes {
  /** It says so itself, READY=1 of sd_notify(3): what `ready: "notify"` is, with room for `timeout`. */
  notify: true;
  /** It writes a newline to this descriptor, which is a pipe to Sentry: 3 to 1023, and none that `listen` takes. */
  fd: number;
  /** It prints a line that this matches. Without the flags g and y. */
  log: RegExp;
}

export interface ReadyTimes {
  /** How long it may take, counted from the start; more is a failure. Default: 60 s. More than 0, at most 24 days. */
  timeout?: Duration;
  /** How long between two looks, with `tcp`, `http` and `exec`. Default: 250 ms. More than 0, at most 24 days. */
  interval?: Duration;
}

/** A daemon that is ready once it has forked itself away. */
export interface ReadyDaemon extends Partial<Record<keyof ReadyWays, never>> {
  /** How long that may take; more is a failure. Default: 60 s. More than 0, at most 24 days. */
  timeout: Duration;
  interval?: never;
}

/** When a process is ready: one way to find out, and how long it may take. */
export type Ready = "notify" | (OneOf<ReadyWays> & ReadyTimes) | ReadyDaemon;

export interface HealthTimes {
  /** How long between two looks. Default: 10 s. More than 0, at most 24 days. */
  interval?: Duration;
  /** How long a look may take; more is a bad one. Default: 1 s. More than 0, at most 24 days. */
  timeout?: Duration;
  /** How many bad ones in a row are too many, 1 to 1000. Default: 3. */
  failures?: number;
}

/** How the health of a process that is ready is looked at: in one way, again and again. */
export type Health = OneOf<Probes> & HealthTimes;
