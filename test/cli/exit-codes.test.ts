/** The one table of exit codes: in the documents, in the program, and in what the command does. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";

import { ask } from "../../src/cli/client.ts";
import { placeOf } from "../../src/cli/place.ts";
import { EXIT_CODES } from "../../src/errors.ts";
import { packageFolder } from "../../src/native/load.ts";
import { answering, problem } from "../support/answering.ts";
import { Site } from "../support/site.ts";

test("the table in docs/command.md is that of errors.ts", () => {
  const text = readFileSync(join(packageFolder(), "docs/command.md"), "utf8");
  const rows = [...text.matchAll(/^\| (\d) \| [^|]* \|(.*)\|$/gm)];
  assert.deepEqual(rows.map(([, code]) => Number(code)), [0, 1, 2, 3, 4, 5, 6, 7]);
  const documented = rows.flatMap(([, exitCode, codes = ""]) => [...codes.matchAll(/`(E_\w+)`/g)].map(([, code]) => [code, Number(exitCode)]));
  assert.deepEqual(Object.fromEntries(documented), EXIT_CODES);
  assert.equal(documented.length, Object.keys(EXIT_CODES).length, "none twice");
});

suite("the command exits", { concurrency: 2 }, () => {
  for (const [status, code, exitCode] of [
    [400, "E_USAGE", 2], [401, "E_UNAUTHORIZED", 5], [403, "E_FORBIDDEN", 5], [404, "E_NO_SUCH_ENTRY", 4], [404, "E_NO_SUCH_SLOT", 4],
    [409, "E_REFUSED", 5], [413, "E_TOO_LARGE", 1], [415, "E_MEDIA_TYPE", 1], [422, "E_CONFIG_INVALID", 7], [429, "E_BUSY", 1],
    [500, "E_FAILED", 1], [409, "E_OF_THE_FUTURE", 5], [503, "E_OF_THE_FUTURE", 1],
  ] as const) {
    test(`${exitCode} for ${status} ${code}, and says what Sentry says`, async (t) => {
      const site = new Site(t);
      await answering(t, site, { "GET /processes": (response) => problem(response, status, code, "so it is\u001b[2J,\nand not otherwise") });
      const { code: exited, stdout, stderr } = await site.sentry(["status", "sample.ts"]);
      assert.deepEqual([exited, stdout, stderr], [exitCode, "", "sentry: so it is\\x1b[2J,\nand not otherwise\n"]);
    });
  }

  test("1 where the answer is no HTTP, is cut short, or does not come at all, without a stack", async (t) => {
    const site = new Site(t);
    const answers = {
      "GET /processes": (response: Parameters<typeof problem>[0]) => void response.writeHead(200, { "content-length": 100 }).write("[", () => response.destroy()),
      "POST /entries/web/up": (response: Parameters<typeof problem>[0]) => void response.socket?.end("220 mail.example.org ESMTP\r\n"),
      "POST /entries/web/down": (response: Parameters<typeof problem>[0]) => void response.destroy(),
    };
    await answering(t, site, answers);
    for (const words of [["status"], ["up", "web"], ["down", "web"]]) {
      const { code, stdout, stderr } = await site.sentry([...words, "-c", "sample.ts"]);
      assert.deepEqual([code, stdout], [1, ""], stderr);
      assert.match(stderr, words[0] === "up" ? /^sentry: what answers is no Sentry/ : /^sentry: Sentry closed the connection to \S+ without an answer\n$/);
    }
  });
});

test("what only asks is asked once more where the answer was cut; what changes something is not", async (t) => {
  const site = new Site(t);
  let cut = 0;
  const { asked } = await answering(t, site, {
    "GET /processes": (response) => void (cut++ === 0 ? response.destroy() : response.end("[]")),
    "POST /entries/web/down": (response) => void response.destroy(),
  });
  assert.equal((await site.sentry(["status", "sample.ts"])).code, 0);
  assert.equal((await site.sentry(["down", "web", "-c", "sample.ts"])).code, 1);
  assert.deepEqual(asked.filter((what) => what !== "GET /strays"), ["GET /processes", "GET /processes", "POST /entries/web/down"]);
});

test("what is not answered in time is called off, exit code 6", async (t) => {
  const site = new Site(t);
  await answering(t, site, { "GET /processes": () => {} });
  const before = process.cwd();
  t.after(() => process.chdir(before));
  const late = { code: "E_TIMEOUT", exitCode: 6, message: /has not answered GET \/processes within 0\.05 s/ };
  await assert.rejects(ask(placeOf(site.path("sample.ts"), undefined), "GET", "/processes", undefined, 50), late);
});
