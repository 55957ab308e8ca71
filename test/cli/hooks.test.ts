/** What a hook gets of a real Sentry, and that nothing it does is of any concern to supervision. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";

import type { Sentry } from "../support/sentry.ts";
import { history } from "../support/shown.ts";
import { Site } from "../support/site.ts";
import { until } from "../support/until.ts";

/** Of the options of the whole: the body of `on`, with `event`. */
const hook = (body: string): string => `{ http: false, on: async (event) => {\n${body}\n} }`;

/** The numbers of the events that a hook has printed after that word. */
const given = (sentry: Sentry): number[] => sentry.lines.flatMap((line) => /^given (\d+)$/.exec(line)?.[1] ?? []).map(Number);

suite("a hook", { concurrency: 2 }, () => {
  test("gets every event from the first to the last, over a reload, and none twice", async (t) => {
    const site = new Site(t);
    site.config('entry("crashing", "false", [], { delay: 100, count: 4 }), entry("x", "sleep", ["1000"])', "sample.ts",
      hook("await new Promise((done) => setTimeout(done, 2));\nconsole.log(`given ${event.id}`);"));
    const sentry = site.start();
    for (const enough of [50, 100]) {
      await until("some events were given", () => given(sentry).length >= enough, () => sentry.lines.join("\n"));
      assert.equal((await site.sentry(["reload", "sample.ts"])).code, 0);
    }
    await until("the new hook is given some", () => given(sentry).length >= 150);
    await sentry.stop();
    const last = Number(/"id":(\d+)/.exec(readFileSync(site.path("sample.run/history"), "utf8").trimEnd().split("\n").at(-1) ?? "")?.[1]);
    assert.deepEqual(given(sentry), Array.from({ length: last }, (_, n) => n + 1));
  });

  test("may throw, end its thread, block it, or start programs: processes are restarted all the same", async (t) => {
    const site = new Site(t);
    site.config('entry("x", "sleep", ["0.2"], { delay: 50 })', "sample.ts", hook([
      'if (event.type === "started" && event.restarts === 0) throw new Error("boo");',
      'if (event.type === "exited") process.exit();',
      'console.log(`said ${execFileSync("sh", ["-c", "sleep 0.1; echo hello"])}`);',
      'if (event.type === "lost") for (;;);',
    ].join("\n")));
    site.write("sample.ts", `import { execFileSync } from "node:child_process";\n${readFileSync(site.path("sample.ts"), "utf8")}`);
    const sentry = site.start();
    await sentry.line(/^`on` has failed with event 1 \(started of x:0\): Error: boo \(sample\.ts:4:\d+\)$/);
    await sentry.line(/^The thread of `on` has ended with event 2 \(exited of x:0\): the program has ended it\. /);
    await sentry.line(/^said hello$/);
    for (let n = 0; n < 5; n++) await sentry.line(/x\.\d+ +Exited at \d+ with ExitSuccess\.$/);
    const [lost] = history(site, "lost");
    assert.deepEqual([lost?.["what"], lost?.["count"]], ["events", 1]);
    await sentry.stop();
  });
});
