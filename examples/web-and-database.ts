#!/usr/bin/env sentry
// What is ready when, what comes after what, and what runs at certain times. It needs no more than Node: the "database" is
// store.mjs, which says by a line of its output that it can be asked.
import { entry, sentry, type SentryEvent } from "sentryd";

/** On stderr of a thread beside Sentry. A real one would tell somebody who is asleep. */
function tell(event: SentryEvent): void {
  if (event.type === "unhealthy" || event.type === "failed") console.error(`${event.entry}:${event.slot} is ${event.type}`);
}

export default sentry([
  // Ready once it says so. It stops last: everything else comes after it.
  entry("store", "node", ["store.mjs"], {
    ready: { log: /^listening on / },
    health: { tcp: "127.0.0.1:8081", interval: "5s", failures: 2 },
  }),

  // Runs once, to its end, and is tried again until that is a good one.
  entry("migrate", "sh", ["-c", "sleep 1; echo migrated"], {
    restart: "on-failure",
    after: ["store"],
  }),

  // Started after the migration; ready, and well, as long as it answers. A change of the file restarts it.
  entry("web", "node", ["server.mjs"], {
    listen: "127.0.0.1:8080",
    env: { SERVER_NAME: "web" },
    after: [{ entry: "migrate", on: "finished" }],
    ready: { http: "http://127.0.0.1:8080/", timeout: "10s" },
    health: { http: "http://127.0.0.1:8080/" },
    restartAbove: "512M",
    watch: "server.mjs",
  }),

  // Every day at half past four in the morning; `sentry up backup` runs it now.
  entry("backup", "sh", ["-c", "sleep 2; echo saved"], {
    schedule: { cron: "30 4 * * *", timezone: "Europe/Brussels" },
    after: ["store"],
  }),
], { on: tell });
