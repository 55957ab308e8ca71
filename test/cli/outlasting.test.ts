/** `sentry stop` does not wait in silence for what cannot be ended. */
import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { test } from "node:test";

import { answering } from "../support/answering.ts";
import { Site } from "../support/site.ts";
import { until } from "../support/until.ts";

const about = { at: "2026-11-22T06:34:59.120431Z", entry: "web", slot: 0, pid: null, cause: "stopped", by: null };
const outlasts = (slot: number, pid: number) => ({
  ...about, slot, type: "fault", run: null, step: "kill", errno: "", subject: "", message: `${pid} (dd) is in state D`,
});

test("a stop that takes long says what outlasts SIGKILL, also what was told before it was asked for, and whatever was asked since", async (t) => {
  const site = new Site(t);
  const held: ServerResponse[] = [];
  const hold = (response: ServerResponse): void => {
    response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
    held.push(response);
  };
  const stops: ServerResponse["socket"][] = [];
  const exited = { ...about, type: "exited", code: 0, status: "known" };
  const past = [
    outlasts(0, 1520),
    outlasts(1, 1521), { ...exited, slot: 1, leftovers: false },
    { ...about, slot: 2, type: "fault", run: 8, step: "exec", errno: "ENOENT", message: "no such file or directory" },
    outlasts(3, 1523), { ...about, slot: 3, type: "waiting" }, { ...about, slot: 3, type: "stopping" },
    outlasts(4, 1524), { ...exited, slot: 4, leftovers: true }, { ...about, slot: 4, type: "stopping", cause: "leftover" },
    outlasts(5, 1525), { ...exited, slot: 5, leftovers: true }, { ...about, slot: 5, type: "stopped" },
  ].map((record, number) => ({ ...record, id: number + 1 }));
  await answering(t, site, {
    "POST /stop": (response) => {
      stops.push(response.socket);
      response.writeHead(202, { "content-type": "application/json", "content-length": "2" }).end("{}");
    },
    "GET /history?limit=1000": past, "GET /events": hold,
  });
  const stop = site.open(process.execPath, site.command("stop", "sample.ts").slice(1));
  await until("what was told before is told", () => stop.stderr.includes("1524"));
  const told = (slot: number): string => String.raw`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}web:${slot} could not be ended: kill: 152${slot} \(dd\) is in state D\n`;
  assert.match(stop.stderr, new RegExp(`^${told(0)}${told(3)}${told(4)}$`));

  const events = await until("events are followed", () => held[0]);
  events.write(`id: 50\ndata: ${JSON.stringify({ ...outlasts(2, 1522), id: 50 })}\n\n`);
  await until("what happens is told", () => stop.stderr.includes("1522"));
  assert.equal(stop.stderr.trimEnd().split("\n").length, 4);
  // Sentry is gone.
  for (const connection of stops) connection?.destroy();
  const { code } = await stop.ended;
  assert.deepEqual([code, stop.lines], [0, [`Sentry stopped for ${site.path("sample.ts")}.`]]);
});
