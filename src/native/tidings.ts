/**
 * What a process says in one datagram of sd_notify(3): `NAME=value` on a line each. Who wrote it is not to be trusted with
 * its form: a name that is not known says nothing, nor does a value that is none. Of a name that is there twice, the last
 * one counts.
 */
import type { Tidings } from "../core/types.ts";
import { HARMFUL } from "../printable.ts";

/** Of a status in characters: it is one line for people. */
const LONGEST_STATUS = 512;

/** The numbers of processes and of errors are C's int. */
const GREATEST_INT = 2 ** 31 - 1;

export function readTidings(text: string): Tidings {
  let tidings: Tidings = {
    ready: false, doing: null, status: null, errno: null, mainPid: null, watchdog: null, watchdogEvery: null, extend: null,
  };
  for (const line of text.split("\n")) {
    const equals = line.indexOf("=");
    tidings = { ...tidings, ...partOf(line.slice(0, Math.max(equals, 0)), line.slice(equals + 1)) };
  }
  return tidings;
}

/** BARRIER and FDSTORE are about descriptors, and say nothing of the process. */
function partOf(name: string, value: string): Partial<Tidings> {
  switch (name) {
    // Ready once more: what it has reloaded is loaded.
    case "READY": return value === "1" ? { ready: true, doing: null } : {};
    case "RELOADING": return value === "1" ? { doing: "reloading" } : {};
    case "STOPPING": return value === "1" ? { doing: "stopping" } : {};
    case "STATUS": return { status: [...value.replace(HARMFUL, "")].slice(0, LONGEST_STATUS).join("") };
    case "ERRNO": return numbered("errno", int(value));
    case "MAINPID": return value === "0" ? {} : numbered("mainPid", int(value));
    case "WATCHDOG": return value === "1" ? { watchdog: "alive" } : value === "trigger" ? { watchdog: "trigger" } : {};
    case "WATCHDOG_USEC": return numbered("watchdogEvery", millis(value));
    case "EXTEND_TIMEOUT_USEC": return numbered("extend", millis(value));
    default: return {};
  }
}

function numbered(name: "errno" | "mainPid" | "watchdogEvery" | "extend", value: number | null): Partial<Tidings> {
  return value === null ? {} : { [name]: value };
}

function int(digits: string): number | null {
  const value = number(digits);
  return value === null || value > GREATEST_INT ? null : value;
}

/** Of microseconds. What is longer than a double can count is, to people, for ever. */
function millis(digits: string): number | null {
  const value = number(digits);
  return value === null ? null : Math.min(value, Number.MAX_SAFE_INTEGER) / 1000;
}

/** 64 bits are 20 digits at most. */
function number(digits: string): number | null {
  return /^\d{1,20}$/.test(digits) ? Number(digits) : null;
}
