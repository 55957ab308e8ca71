/**
 * What happens, record by record, from one image of Sentry to the next: a reload ends all streams of events, and
 * whoever comes again says which record was the last. Nothing is missed, and nothing told twice.
 */
import { SentryError } from "../errors.ts";
import { Client } from "./client.ts";
import type { Place } from "./place.ts";
import type { Told } from "./story.ts";

export interface Numbered extends Told {
  readonly id: number;
}

/** Milliseconds, between an end and coming again. */
const PAUSE = 50;

/**
 * All after the record with that id. Ends with the stop of all.
 * @throws SentryError E_FAILED where Sentry is gone, and has not said that it stopped; or as its problem says
 */
export async function* following(place: Place, after: number): AsyncGenerator<Numbered> {
  for (let last = after;;) {
    const client = await connected(place);
    try {
      for await (const { data } of client?.follow("/events", last) ?? []) {
        if (data === null) continue;
        const told = JSON.parse(data) as Numbered;
        last = told.id;
        yield told;
        if (isTheEnd(told)) return;
      }
    } finally {
      client?.close();
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}

/** The whole stop is done. */
export function isTheEnd({ type, entry }: Told): boolean {
  return type === "stopped" && entry === null;
}

/**
 * Null where it is worth another try: too many wait in the socket's queue. Each image has the socket, so nobody there
 * means that Sentry is gone.
 */
async function connected(place: Place): Promise<Client | null> {
  try {
    return await Client.open(place);
  } catch (error) {
    if (!(error instanceof SentryError) || error.code === "E_BUSY") return null;
    if (error.code !== "E_NOT_RUNNING") throw error;
    throw new SentryError("E_FAILED", `Sentry is gone, and has not told that it stopped; ${error.message}`);
  }
}
