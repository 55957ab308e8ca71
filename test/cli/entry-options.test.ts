import assert from "node:assert/strict";
import { test } from "node:test";

import { optionsOf } from "../../src/cli/entry-options.ts";
import { complete } from "../../src/config/complete.ts";
import { readProgram } from "../../src/config/given.ts";
import { entry, sentry } from "../../src/index.ts";
import type { EntryOptions } from "../../src/index.ts";

function shown(options: EntryOptions): Record<string, unknown> {
  return optionsOf(complete("/sample.ts", "/", readProgram(sentry([entry("web", "b", ["c"], options)]), "/sample.ts")).entries[0]);
}

/** What each entry has, whatever its processes are started with. */
const plain = {
  count: 1, delay: 1000, backoff: null, restart: "always", successCodes: [0], limit: null,
  stop: { signal: "SIGTERM", grace: 10_000, scope: "tree" }, daemon: false, ready: null,
  cwd: "/", envFile: null, inheritEnv: true, user: null, group: null, groups: null, umask: null, nice: null, oomScoreAdj: null,
  noNewPrivileges: false, limits: [], listen: [], health: null, watchdog: null, after: [], schedule: null, watch: [], restartAbove: null, log: null,
};

test("the options of an entry are shown by the names that they are configured by, defaults included", () => {
  assert.deepEqual(shown({}), plain);
  const asked: EntryOptions = {
    restart: "on-failure", successCodes: [3], backoff: { max: "5s" }, limit: { count: 10, within: "5m" }, stop: { grace: 0 },
    daemon: { pidFile: "web.{slot}.pid" }, ready: { timeout: "5s" },
  };
  assert.deepEqual(shown(asked), {
    ...plain, restart: "on-failure", successCodes: [3], backoff: { factor: 2, max: 5000, jitter: 0.2, resetAfter: 30_000 },
    limit: { count: 10, within: 300_000 }, stop: { signal: "SIGTERM", grace: 0, scope: "tree" },
    daemon: { pidFile: "/web.{slot}.pid" }, ready: { timeout: 5000 },
  });
  assert.equal(shown({ daemon: true })["daemon"], true);
});

test("each way of being ready is shown as it is asked for, with its times", () => {
  const ways: [EntryOptions["ready"] & {}, object][] = [
    ["notify", { notify: true, timeout: 60_000 }],
    [{ fd: 3, timeout: "5s" }, { fd: 3, timeout: 5000 }],
    [{ log: /a\/b/i }, { log: "/a\\/b/i", timeout: 60_000 }],
    [{ tcp: 80 }, { tcp: "localhost:80", timeout: 60_000, interval: 250 }],
    [{ tcp: "[::1]:80" }, { tcp: "[::1]:80", timeout: 60_000, interval: 250 }],
    [{ http: "http://a.example/", interval: 5 }, { http: "http://a.example/", timeout: 60_000, interval: 5 }],
    [{ exec: ["a", "b"] }, { exec: ["a", "b"], timeout: 60_000, interval: 250 }],
  ];
  for (const [ready, as] of ways) assert.deepEqual(shown({ ready }), { ...plain, ready: as });
});

test("what is done about an entry from outside is shown, and of one that is scheduled nothing that keeps it running", () => {
  assert.deepEqual(shown({ health: { tcp: 80 }, watchdog: "30s", watch: "src/*", restartAbove: "1K" }), {
    ...plain, health: { tcp: "localhost:80", interval: 10_000, timeout: 1000, failures: 3 }, watchdog: 30_000, watch: ["/src/*"], restartAbove: 1024,
  });
  assert.deepEqual(shown({ schedule: { cron: "@daily", timezone: "UTC" } }), {
    ...plain, delay: null, restart: null, schedule: { cron: "@daily", timezone: "UTC", overlap: "skip" },
  });
});

test("where output goes is shown as it is written", () => {
  assert.equal(shown({ log: "none" })["log"], "none");
  assert.deepEqual(shown({ log: { file: "logs/{slot}.log", maxSize: "1M" } })["log"], {
    file: "/logs/{slot}.log", maxSize: 1_048_576, keep: 5, compress: false, format: "raw", terminal: false,
  });
});

test("an environment is not shown", () => {
  const text = JSON.stringify(shown({ env: { SECRET_NAME: "hunter2" } }));
  assert(!/SECRET_NAME|hunter2/.test(text), text);
});
