/**
 * `sentry reload`: asks for it, and waits until the history says that it is done. The answer comes from the image
 * that execs, the record from the one that follows; what is asked meanwhile waits in the socket.
 */
import { setTimeout as pause } from "node:timers/promises";

import { SentryError } from "../errors.ts";
import { ask, Client } from "./client.ts";
import type { Place } from "./place.ts";
import { print } from "./print.ts";
import type { Options } from "./words.ts";

/** Milliseconds. */
const PATIENCE = 30_000;
const BETWEEN_TRIES = 50;

interface Told {
  readonly id: number;
  readonly type: string;
  readonly message?: string;
}

export async function reload(place: Place, _names: readonly string[], { json }: Options): Promise<void> {
  const { reload: id } = await ask(place, "POST", "/reload") as { reload: number };
  const told = await first(place, id);
  if (told.type !== "reloaded") throw new SentryError("E_FAILED", `Sentry did not reload; what happened instead: ${told.message ?? told.type}`);
  print(json ? told : `Sentry reloaded ${place.config}.`);
}

/** The record with that id, or else the first that comes after. */
async function first(place: Place, id: number): Promise<Told> {
  const over = AbortSignal.timeout(PATIENCE);
  while (!over.aborted) {
    const client = await connected(place);
    const close = (): void => client?.close();
    over.addEventListener("abort", close);
    for await (const told of client?.events(id - 1) ?? []) {
      close();
      return told as Told;
    }
    over.removeEventListener("abort", close);
    close();
    await pause(BETWEEN_TRIES);
  }
  throw new SentryError("E_TIMEOUT", `Sentry took more than ${PATIENCE / 1000} s to reload; its history has what came of it`);
}

/** Null where it is worth another try: too many wait in the socket's queue. Each image has the socket, so nobody there means that Sentry is gone. */
async function connected(place: Place): Promise<Client | null> {
  try {
    return await Client.open(place);
  } catch (error) {
    if (!(error instanceof SentryError) || error.code !== "E_NOT_RUNNING") return null;
    throw new SentryError("E_FAILED", `Sentry ended while it reloaded: ${error.message}`);
  }
}
