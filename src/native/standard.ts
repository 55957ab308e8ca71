/**
 * Who inherits our stdout and stderr shares more than their place: whether a write waits for room is a flag of the open file
 * (O_NONBLOCK, open(2)), not of a descriptor. Node sets it for a pipe or a socket as soon as it makes a stream of it, and a
 * stream of stderr it makes when any socket ends, for its own purposes. A child that then prints faster than somebody reads
 * gets EAGAIN, which hardly any program expects, and what it has printed is lost.
 */
import type { Writable } from "node:stream";

/** What Node writes by. Files and terminals have no such method, and no such trouble: a terminal is opened anew. */
interface Written { readonly _handle?: { setBlocking?(on: boolean): number } | null }

/** Lets writes to our stdout and stderr wait for room, for all who have them, and for as long as we run. */
export function letStandardBlock(): void {
  // Named here, so that Node makes its streams now, and never afterwards.
  for (const stream of [process.stdout, process.stderr] as (Writable & Written)[]) stream._handle?.setBlocking?.(true);
}
