/**
 * `sentry reload`: asks for it, and waits until the history says that it is done. The answer comes from the image
 * that execs, the record from the one that follows; what is asked meanwhile waits in the socket.
 */
import { SentryError } from "../errors.ts";
import { ask } from "./client.ts";
import { following } from "./following.ts";
import type { Place } from "./place.ts";
import { print } from "./print.ts";
import type { Options } from "./words.ts";

/** Milliseconds: the configuration is evaluated, in another start of the program; and then for the exec itself. */
const PATIENCE = 60_000;
const PATIENCE_WITH_EXEC = 30_000;

export async function reload(place: Place, _names: readonly string[], { json }: Options): Promise<void> {
  const { reload: id } = await ask(place, "POST", "/reload", undefined, PATIENCE) as { reload: number };
  const late = new Promise<never>((_, reject) => setTimeout(() => reject(new SentryError("E_TIMEOUT",
    `Sentry took more than ${PATIENCE_WITH_EXEC / 1000} s to reload; its history has what came of it`)), PATIENCE_WITH_EXEC));
  // The record with that id, or else the first that comes after.
  const { value: told } = await Promise.race([following(place, id - 1).next(), late]);
  if (told?.type !== "reloaded") {
    throw new SentryError("E_FAILED", `Sentry did not reload; what happened instead: ${told?.message ?? told?.type ?? "nothing"}`);
  }
  print(json ? told : `Sentry reloaded ${place.config}.`);
}
