/** `sentry signal`: to one process, or to those of an entry. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { Site } from "../support/site.ts";
import { until } from "../support/until.ts";

interface Process { readonly state: string; readonly pid: number | null }

const heeds = String.raw`["-c", "trap 'echo heard' HUP; echo ready; while :; do sleep 0.01; done"]`;

suite("sentry signal", { concurrency: 2 }, () => {
  test("sends it to the process of a slot, or to all of an entry, by any spelling of its name", async (t) => {
    const site = new Site(t);
    site.config(`entry("web", "sh", ${heeds}, { count: 2 })`);
    const sentry = site.start();
    await Promise.all([sentry.line(/ready/), sentry.line(/ready/)]);
    const signal = (...words: string[]) => site.sentry(["signal", ...words, "-c", "sample.ts"]);
    for (const spelling of ["HUP", "hup", "SIGHUP", "sighup"]) {
      const { code, stdout, stderr } = await signal("web:1", spelling);
      assert.deepEqual([code, stdout, stderr], [0, "SIGHUP was sent to web:1.\n", ""]);
      await sentry.line(/heard$/);
    }
    assert.equal((await signal("web", "HUP")).stdout, "SIGHUP was sent to web (2 processes).\n");
    const [one, other] = [await sentry.line(/web\.(\d+) +heard$/), await sentry.line(/web\.(\d+) +heard$/)];
    await until("both have heard it", () => new Set(sentry.lines.slice(-2).map((line) => /\.(\d+)/.exec(line)?.[1])).size === 2,
      () => `${one[1]} ${other[1]}`);
    const json = await signal("--json", "web:0", "CONT");
    assert.equal((JSON.parse(json.stdout) as { id: string }).id, "web:0");
    await sentry.stop();
  });

  test("sends real-time signals as well", async (t) => {
    const site = new Site(t);
    site.config(String.raw`entry("web", "bash", ["-c", "trap 'echo heard' RTMIN+1; echo ready; while :; do sleep 0.01; done"])`);
    const sentry = site.start();
    await sentry.line(/ready/);
    const { code, stdout, stderr } = await site.sentry(["signal", "web", "SIGRTMIN+1", "-c", "sample.ts"]);
    assert.deepEqual([code, stdout, stderr], [0, "SIGRTMIN+1 was sent to web.\n", ""]);
    await sentry.line(/heard$/);
    await sentry.stop();
  });

  test("exits 2 for a signal that does not exist, with the list of those that do", async (t) => {
    const site = new Site(t);
    site.config('entry("web", "sleep", ["1000"])');
    const sentry = site.start();
    await sentry.started("web");
    const { code, stdout, stderr } = await site.sentry(["signal", "web", "SIGNOTHING", "-c", "sample.ts"]);
    assert.deepEqual([code, stdout], [2, ""]);
    assert.match(stderr, /SIGHUP.*SIGUSR1/);
    await sentry.stop();
  });

  test("exits 1 where there is no process to send it to", async (t) => {
    const site = new Site(t);
    site.config('entry("web", "sleep", ["1000"], { count: 2 })');
    const sentry = site.start();
    await sentry.started("web");
    assert.equal((await site.sentry(["down", "web", "-c", "sample.ts"])).code, 0);
    await until("it is down", async () => ((await site.get("/processes")).body as Process[]).every(({ state }) => state === "stopped"));
    for (const name of ["web", "web:1"]) {
      const { code, stdout, stderr } = await site.sentry(["signal", name, "HUP", "-c", "sample.ts"]);
      assert.deepEqual([code, stdout], [1, ""]);
      assert.match(stderr, new RegExp(`${name} has no process, so nothing was sent`));
    }
    await sentry.stop();
  });
});
