/** `sentry stop`: stops everything, and waits until Sentry is gone. Where that takes its time, it says what cannot be ended. */
import { existsSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

import { SentryError } from "../errors.ts";
import { printableText } from "../printable.ts";
import { Client } from "./client.ts";
import { outlasting } from "./outlasting.ts";
import type { Place } from "./place.ts";
import { print } from "./print.ts";
import { problemOf } from "./problem.ts";

/** Milliseconds. A stop that takes longer may take for ever; most are over by then, and are not to be slowed down. */
const LONG = 1000;

/** Milliseconds. A process that was killed closes its connections one by one, and a moment before it is a zombie. */
const A_MOMENT = 20;
const MOMENTS = 50;

interface Orphans {
  readonly living: number;
  readonly oldPid: number | null;
}

export async function stop(place: Place, json: boolean): Promise<void> {
  const client = await open(place);
  const answer = await client.post("/stop");
  // 409: it is stopping already, and that is waited for just as well.
  if (answer !== null && answer.status !== 202 && answer.status !== 409) {
    client.close();
    throw await problemOf(answer, "POST /stop", place);
  }
  const timer = setTimeout(() => void tellOutlasting(place), LONG);
  await client.gone();
  clearTimeout(timer);
  if (answer === null && await isThere(place)) {
    throw new SentryError("E_FAILED", `Sentry closes connections to ${place.socket} without an answer; SIGTERM to the PID in ${place.pidFile} stops it`);
  }
  const orphans = await leftBehind(place);
  if (orphans !== null) throw new SentryError("E_FAILED", `${words(orphans, "was killed before all had ended")} (${place.config}).`);
  print(json ? { stopped: true, config: place.config } : `Sentry stopped for ${place.config}.`);
}

async function tellOutlasting(place: Place): Promise<void> {
  for await (const sentence of outlasting(place)) process.stderr.write(`${printableText(sentence)}\n`);
}

/** @throws SentryError that names what is left, where Sentry is gone and its processes are not */
async function open(place: Place): Promise<Client> {
  try {
    return await Client.open(place);
  } catch (error) {
    if (!(error instanceof SentryError) || error.code !== "E_NOT_RUNNING") throw error;
    const { orphansOf } = await import("./alone.js");
    const orphans = await orphansOf(place);
    if (orphans === null || orphans.living === 0) throw error;
    throw new SentryError("E_NOT_RUNNING", `${words(orphans, "is gone")} (${place.config}).`);
  }
}

/** What lives on of a Sentry that was killed during its stop. At a clean end it takes its state back: nothing is looked for. */
async function leftBehind(place: Place): Promise<Orphans | null> {
  for (let moment = 0; moment < MOMENTS && existsSync(place.state); moment++) {
    const { orphansOf } = await import("./alone.js");
    const orphans = await orphansOf(place);
    if (orphans !== null) return orphans.living === 0 ? null : orphans;
    await pause(A_MOMENT);
  }
  return null;
}

function words({ living, oldPid }: Orphans, what: string): string {
  const who = `Sentry${oldPid === null ? "" : ` (PID ${oldPid})`} ${what}`;
  return `${who}, and ${living === 1 ? "one of its processes lives" : `${living} of its processes live`} on. `
    + "sentry start takes them up, sentry stop --orphans stops them";
}

/** Whether the connection did not end because the process did. One that is dying takes others for a moment. */
async function isThere(place: Place): Promise<boolean> {
  for (let moment = 0; moment < MOMENTS; moment++) {
    if (!await takesOthers(place)) return false;
    await pause(A_MOMENT);
  }
  return true;
}

async function takesOthers(place: Place): Promise<boolean> {
  try {
    (await Client.open(place)).close();
    return true;
  } catch {
    return false;
  }
}
