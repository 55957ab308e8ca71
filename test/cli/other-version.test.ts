/** A running Sentry of another version is spoken to all the same. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";

import { packageFolder } from "../../src/native/load.ts";
import { answering, problem } from "../support/answering.ts";
import { Site } from "../support/site.ts";

const { version } = JSON.parse(readFileSync(join(packageFolder(), "package.json"), "utf8")) as { version: string };

suite("with a running Sentry of another version", { concurrency: 2 }, () => {
  test("what it knows works, whatever else it says", async (t) => {
    const site = new Site(t);
    const line = { id: 3, at: "2026-11-22T06:35:00.123456Z", type: "transcended", entry: "web", slot: 0, colour: "blue" };
    await answering(t, site, {
      "POST /entries/web/up": { name: "web", aField: "of the future" },
      "GET /history?entry=web&limit=200": [line],
      "GET /history?limit=200": [line],
    }, "99.0.0");
    const does = (...words: string[]) => site.sentry([...words, "-c", "sample.ts"]);
    const up = await does("up", "web");
    assert.deepEqual([up.code, up.stdout, up.stderr], [0, "web is to be up.\n", ""]);
    for (const words of [["why", "web"], ["events"]]) {
      const { code, stdout, stderr } = await does(...words);
      assert.deepEqual([code, stderr], [0, ""]);
      assert.match(stdout, /web:0: transcended\n$/);
    }
  });

  for (const [theirs, named] of [["0.0.9", /version 0\.0\.9/], [null, /of another version/]] as const) {
    test(`which says ${theirs ?? "nothing of it"}: a verb that it does not know exits 1 and says what to do`, async (t) => {
      const site = new Site(t);
      const methodNotKnown = (response: Parameters<typeof problem>[0]) => problem(response, 405, "E_METHOD", "POST is not known here");
      await answering(t, site, { "POST /processes/web%3A0/restart": methodNotKnown }, theirs);
      for (const name of ["web", "web:0"]) {
        const { code, stdout, stderr } = await site.sentry(["restart", name, "-c", "sample.ts"]);
        assert.deepEqual([code, stdout], [1, ""]);
        assert.match(stderr, named);
        assert.ok(stderr.includes(`this command is ${version}`), stderr);
        assert.match(stderr, /does not know this verb \(POST \S+\); sentry reload upgrades it\n$/);
      }
    });
  }

  test("an option that it does not know is wrong usage, and the versions are named", async (t) => {
    const site = new Site(t);
    await answering(t, site, {
      "GET /entries/web": { name: "web", count: 1, up: true }, "GET /history?limit=1": [],
      "POST /entries/web/restart": (response) => problem(response, 400, "E_USAGE", "rolling: is not known here"),
    }, "0.0.9");
    const { code, stderr } = await site.sentry(["restart", "--rolling", "web", "-c", "sample.ts"]);
    assert.equal(code, 2);
    assert.match(stderr, /rolling: is not known here \(the running Sentry is version 0\.0\.9, this command is /);
  });

  test("of the same version, what is wrong is said without versions", async (t) => {
    const site = new Site(t);
    await answering(t, site, { "POST /entries/web/up": (response) => problem(response, 400, "E_USAGE", "body: is wrong") }, version);
    const { code, stderr } = await site.sentry(["up", "web", "-c", "sample.ts"]);
    assert.deepEqual([code, stderr], [2, "sentry: body: is wrong\n"]);
  });
});
