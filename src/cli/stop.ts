/** `sentry stop`: stops everything, and waits until Sentry is gone. */
import { SentryError } from "../errors.ts";
import { Client } from "./client.ts";
import type { Place } from "./place.ts";
import { print } from "./print.ts";

export async function stop(place: Place, json: boolean): Promise<void> {
  const client = await Client.open(place);
  const answer = await client.post("/stop");
  // 409: it is stopping already, and that is waited for just as well.
  if (answer !== null && answer.status !== 202 && answer.status !== 409) {
    client.close();
    throw new SentryError("E_FAILED", `Sentry refused to stop: ${answer.body}`);
  }
  await client.gone();
  if (answer === null && await answers(place)) {
    throw new SentryError("E_FAILED", `Sentry closes connections to ${place.socket} without an answer; SIGTERM to the PID in ${place.pidFile} stops it`);
  }
  print(json ? { stopped: true, config: place.config } : `Sentry stopped for ${place.config}.`);
}

/** Whether somebody is there after all: then the connection did not end because the process did. */
async function answers(place: Place): Promise<boolean> {
  try {
    (await Client.open(place)).close();
    return true;
  } catch {
    return false;
  }
}
