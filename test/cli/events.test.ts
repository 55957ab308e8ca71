/** `sentry events`: what has happened, and what happens. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { request } from "node:http";
import type { IncomingMessage } from "node:http";
import { suite, test } from "node:test";

import type { HistoryLine } from "../../src/engine/line.ts";
import { answering } from "../support/answering.ts";
import { history, stateOf } from "../support/shown.ts";
import { Site } from "../support/site.ts";
import { until } from "../support/until.ts";

const entries = 'entry("web", "sleep", ["1000"], { count: 2 }), entry("db", "sleep", ["1000"])';

suite("sentry events", { concurrency: 2 }, () => {
  test("tells the newest of all entries, and with --json one document", async (t) => {
    const site = new Site(t);
    site.config(entries);
    const sentry = site.start();
    await until("three are started", () => history(site, "started").length === 3);
    const { code, stdout, stderr } = await site.sentry(["events", "sample.ts"]);
    assert.deepEqual([code, stderr], [0, ""]);
    const lines = stdout.trimEnd().split("\n");
    assert.equal(lines.filter((line) => /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}(web:0|web:1|db:0) started \(PID \d+\)$/.test(line)).length, 3);
    const json = await site.sentry(["events", "--json", "-n", "2", "-c", "sample.ts"]);
    assert.deepEqual(JSON.parse(json.stdout), history(site).slice(-2));
    await sentry.stop();
  });

  test("-n 0 tells nothing, and so does that of why", async (t) => {
    const site = new Site(t);
    site.config(entries);
    const sentry = site.start();
    await until("three are started", () => history(site, "started").length === 3);
    for (const words of [["events"], ["why", "web"], ["why", "web:1"]]) {
      const asked = async (...more: string[]) => {
        const { code, stdout, stderr } = await site.sentry([...words, ...more, "-n", "0", "-c", "sample.ts"]);
        return [code, stdout, stderr];
      };
      assert.deepEqual(await asked(), [0, "", ""]);
      assert.deepEqual(await asked("--json"), [0, "[]\n", ""]);
    }
    await sentry.stop();
  });

  test("-f tells each event once, over a reload, and ends well when Sentry stops", async (t) => {
    const site = new Site(t);
    site.config(entries);
    const sentry = site.start();
    await until("three are started", () => history(site, "started").length === 3);
    const before = history(site).length;
    const asText = site.open(process.execPath, site.command("events", "-f", "-n", "1", "sample.ts").slice(1));
    const asJson = site.open(process.execPath, site.command("events", "-f", "--json", "-n", "1", "sample.ts").slice(1));
    await Promise.all([asText.line(/started/), asJson.line(/started/)]);
    assert.equal((await site.sentry(["scale", "db", "2", "-c", "sample.ts"])).code, 0);
    assert.equal((await site.sentry(["reload", "sample.ts"])).code, 0);
    await Promise.all([asText.line(/Sentry reloaded the configuration, asked by uid/), asJson.line(/"reloaded"/)]);
    assert.equal((await site.sentry(["down", "web:1", "-c", "sample.ts"])).code, 0);
    await asText.line(/web:1 is stopped/);
    assert.equal((await site.sentry(["stop", "sample.ts"])).code, 0);
    assert.equal((await asText.ended).code, 0, asText.stderr);
    assert.equal((await asJson.ended).code, 0, asJson.stderr);
    assert.deepEqual(asJson.lines.map((line) => JSON.parse(line) as HistoryLine), history(site).slice(before - 1));
    assert.equal(asText.lines.length, asJson.lines.length);
    await sentry.endsWell();
  });

  test("-f ends well by Ctrl-C, and where nobody reads it", async (t) => {
    const site = new Site(t);
    site.config(entries);
    const sentry = site.start();
    await until("three are started", () => history(site, "started").length === 3);
    const following = site.open(process.execPath, site.command("events", "-f", "-n", "1", "sample.ts").slice(1));
    await following.line(/started/);
    following.kill("SIGINT");
    assert.deepEqual([await following.ended, following.stderr], [{ code: 0, signal: null }, ""]);
    const command = site.command("events", "-f", "-n", "2", "sample.ts").map((word) => `'${word}'`).join(" ");
    const head = site.run("sh", ["-c", `(${command}; echo $? > ended) | head -n 1`]);
    // It notices with the next event that there is.
    await until("it has ended", async () => {
      for (const verb of ["down", "up"]) await site.sentry([verb, "db", "-c", "sample.ts"]);
      return existsSync(site.path("ended"));
    });
    const { stdout, stderr } = await head;
    assert.match(stdout, /^\d{4}-.*\n$/);
    assert.equal(stderr, "");
    assert.equal(readFileSync(site.path("ended"), "utf8"), "0\n");
    await sentry.stop();
  });

  test("-f exits 1 where Sentry is gone without having stopped", async (t) => {
    const site = new Site(t);
    site.config(entries);
    const sentry = site.start();
    await until("three are started", () => history(site, "started").length === 3);
    const following = site.open(process.execPath, site.command("events", "-f", "-n", "1", "sample.ts").slice(1));
    await following.line(/started/);
    sentry.kill("SIGKILL");
    await until("Sentry is gone", () => [null, "Z"].includes(stateOf(sentry.pid)));
    assert.equal((await following.ended).code, 1);
    assert.match(following.stderr, /Sentry is gone, and has not told that it stopped/);
    assert.equal((await site.sentry(["stop", "--orphans", "sample.ts"])).code, 0);
  });

  test("says so where nothing has happened, and exits 2 for a number that is none", async (t) => {
    const site = new Site(t);
    await answering(t, site, { "GET /history?limit=200": [] });
    assert.equal((await site.sentry(["events", "sample.ts"])).stdout, "Nothing has happened yet.\n");
    for (const lines of ["10001", "1e3", "-1", "many"]) {
      assert.equal((await site.sentry(["events", `--lines=${lines}`, "sample.ts"])).code, 2, lines);
    }
  });
});

test("who follows over the socket is told all that happens at the stop, and one stream too many is 429", async (t) => {
  const site = new Site(t);
  site.config('entry("x", "sleep", ["1000"], { count: 20 })');
  const sentry = site.start();
  for (let n = 0; n < 20; n++) await sentry.started("x");
  const follow = () => new Promise<IncomingMessage>((resolve) => {
    request({ socketPath: site.path("sample.run/socket"), path: "/events", agent: false }, resolve).end();
  });
  const all = await Promise.all(Array.from({ length: 64 }, follow));
  const texts = all.map(() => "");
  all.forEach((response, n) => response.setEncoding("utf8").on("data", (text: string) => { texts[n] += text; }));
  const refused = await site.get("/events");
  assert.deepEqual([refused.status, (refused.body as { code: string }).code], [429, "E_BUSY"]);
  await sentry.stop();
  await until("all are over", () => all.every(({ complete }) => complete));
  const last = history(site).at(-1)?.id;
  for (const text of texts) assert.ok(text.includes(`id: ${last}\nevent: stopped\n`), text.slice(-500));
});
