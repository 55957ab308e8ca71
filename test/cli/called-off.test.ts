/** A command that is called off while the configuration is still being evaluated takes the evaluation with it. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { suite, test } from "node:test";

import { Site } from "../support/site.ts";
import { until } from "../support/until.ts";

suite("called off", { concurrency: 2 }, () => {
  for (const words of [["check", "sample.ts"], ["start", "sample.ts"], ["start", "--detach", "sample.ts"]]) {
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      test(`sentry ${words.join(" ")}, by ${signal}, leaves nothing behind`, async (t) => {
        const site = new Site(t);
        const begun = site.path("begun");
        site.write("sample.ts", `import { writeFileSync } from "node:fs";\nwriteFileSync(${JSON.stringify(begun)}, "");\nfor (;;);\n`);
        const command = site.start(words);
        await until("the configuration runs", () => existsSync(begun));
        command.process.kill(signal);
        const { code } = await command.ended;
        assert.notEqual(code, 0);
        await site.nobodyLeft();
        assert.ok(!existsSync(site.path("sample.pid")));
      });
    }
  }
});
