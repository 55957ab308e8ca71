/** How options are spelled where a change of them is told to people. */
import type { After, Backoff, Law, Limit, Millis } from "../core/types.ts";
import type { Health, Probe, Ready } from "../engine/probe.ts";
import { spelled } from "./address.ts";
import type { EntryConfiguration, Listen, Log } from "./configuration.ts";

/** `delay 1000 ms → 2000 ms`, or nothing. What an older version did not know of yet is undefined, and was none. */
export function changed<T>(what: string, old: T, now: T, spell: (value: NonNullable<T>) => string = String): string[] {
  const told = (value: T): string => value === null || value === undefined ? "none" : spell(value);
  return JSON.stringify(old ?? null) === JSON.stringify(now ?? null) ? [] : [`${what} ${told(old)} → ${told(now)}`];
}

export function millis(value: Millis): string {
  return `${value} ms`;
}

export function bytes(value: number): string {
  return `${value} bytes`;
}

/** Null is nothing to be told of. */
export function listed(texts: readonly string[]): string | null {
  return texts.length === 0 ? null : texts.join(", ");
}

export function growth({ factor, max, jitter, resetAfter }: Backoff): string {
  return `factor ${factor}, max ${max} ms, jitter ${jitter}, resetAfter ${resetAfter} ms`;
}

export function tolerated({ count, within }: Limit): string {
  return `${count} within ${within} ms`;
}

export function addresses(all: readonly Listen[]): string {
  const spell = (one: Listen): string => one.kind === "unix" ? one.path : spelled({ host: one.host ?? "*", port: one.port });
  return listed(all.map(spell)) ?? "none";
}

/** An older version knew of no order. */
export function order(after: readonly After[] | undefined): string[] {
  return (after ?? []).map(({ entry, on }) => `${entry} (${on})`);
}

export function readiness(ready: Ready): string {
  switch (ready.kind) {
    case "notify": return "notify";
    case "fd": return `fd ${ready.fd}`;
    case "log": return `log /${ready.source}/${ready.flags}`;
    case "tcp": case "http": case "exec": return `${look(ready)} every ${ready.interval} ms`;
  }
}

export function examination({ probe, interval, timeout, failures }: Health & { failures: number }): string {
  return `${look(probe)} every ${interval} ms within ${timeout} ms, ${failures} failures`;
}

function look(probe: Probe): string {
  switch (probe.kind) {
    case "tcp": return `tcp ${spelled(probe)}`;
    case "http": return `http ${probe.url}`;
    case "exec": return `exec ${JSON.stringify([probe.command, ...probe.args])}`;
  }
}

export function times({ cron, timezone, overlap }: NonNullable<EntryConfiguration["schedule"]> & { overlap: Law["schedule"] }): string {
  return [cron, ...timezone === null ? [] : [timezone], overlap].join(", ");
}

/** To have none is something else than `"none"`. */
export function destination(log: Log | null | undefined): string {
  if (log === null || log === undefined) return "default";
  if (log.kind !== "file") return log.kind;
  const { file, format, maxSize, keep, compress, terminal } = log;
  return [file, format, bytes(maxSize), `keep ${keep}`, ...compress ? ["compress"] : [], ...terminal ? ["terminal"] : []].join(", ");
}
