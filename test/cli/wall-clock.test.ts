/** Setting the wall clock changes no delay, and no grace. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { packageFolder } from "../../src/native/load.ts";
import { history } from "../support/shown.ts";
import { Site } from "../support/site.ts";
import { ask, becomes } from "../support/slots.ts";
import { until } from "../support/until.ts";

const DELAY = 300;
const HOUR = 3600;

test("the wall clock set one hour back and forth changes no delay, no grace, and what is shown alone", async (t) => {
  const site = new Site(t);
  const library = site.path("clock.so");
  execFileSync("cc", ["-O1", "-shared", "-fPIC", "-o", library, join(packageFolder(), "test/fixtures/clock.c"), "-ldl"]);
  const set = (seconds: number): void => writeFileSync(site.path("shift"), new BigInt64Array([BigInt(seconds)]), { flag: "r+" });
  site.write("shift", new Uint8Array(8));
  const stubborn = "trap '' TERM; while :; do sleep 0.02; done";
  site.config([
    `entry("x", "sh", ["-c", "exit 3"], ${DELAY}, 1)`,
    ...["back", "forth"].map((name) => `entry("${name}", "sh", ["-c", ${JSON.stringify(stubborn)}], { stop: { grace: ${DELAY} } })`),
  ].join());
  const sentry = site.start(undefined, { env: { LD_PRELOAD: library, CLOCK_SHIFT: site.path("shift") } });
  await Promise.all(["back", "forth"].map((name) => becomes(site, `${name}:0`, "running")));
  for (const [seconds, name] of [[-HOUR, "back"], [HOUR, "forth"], [0, ""]] as const) {
    await sentry.line(/Exited at \d+ with ExitFailure 3/);
    if (name !== "") await ask(site, "POST", `/processes/${name}:0/down`);
    set(seconds);
    // The wait in which it was set, and a whole one after it.
    const before = history(site, "started").length;
    await until("two more are started", () => history(site, "started").length >= before + 2);
    if (name !== "") await becomes(site, `${name}:0`, "stopped");
  }
  await sentry.stop();
  const lines = history(site).filter(({ entry }) => entry === "x");
  for (const [at, line] of lines.entries()) {
    const next = lines.slice(at).find(({ type }) => type === "started");
    if (line.type === "exited" && next !== undefined) assert.ok(Number(next["mono"]) - Number(line["mono"]) > DELAY - 1);
  }
  for (const stopping of history(site, "stopping").filter(({ cause, entry }) => cause === "stopped" && entry !== "x")) {
    const exit = history(site, "exited").find(({ entry }) => entry === stopping.entry);
    if (exit?.signal === "SIGKILL") assert.ok(Number(exit["mono"]) > Number(stopping["until"]) - 1, `${stopping.entry} had its grace`);
  }
  // The clock was set indeed: records are an hour apart, to both sides.
  const moments = history(site).map(({ at }) => Date.parse(at));
  const steps = moments.slice(1).map((moment, at) => Math.round((moment - (moments[at] ?? 0)) / 1000 / HOUR));
  assert.deepEqual(steps.filter((step) => step !== 0), [-1, 2, -1]);
});
