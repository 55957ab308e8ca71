import { test } from "node:test";
import { entry, sentry, type Duration, type EntryOptions, type SentryOptions, type Size, type StopSignal } from "../../src/index.ts";

test("types tell right from wrong before anything runs", () => {
  // The compiler is what tests here: a line that it would let pass where an error is expected is an error itself.
  const durations: Duration[] = [5, "500ms", "10s", "2m", "1h"];
  const sizes: Size[] = [5, "64K", "512M", "2G"];
  // @ts-expect-error a unit that there is not
  durations.push("10d");
  // @ts-expect-error fractions are refused
  durations.push("1.5s");
  // @ts-expect-error a size has a unit, or is a number
  sizes.push("10");
  // @ts-expect-error not built in this version
  const later: EntryOptions = { cgroup: { pidsMax: 5 } };
  const signals: StopSignal[] = ["SIGTERM", "SIGQUIT", "SIGKILL", "SIGRTMIN", "SIGRTMIN+3", "SIGRTMIN+29"];
  // @ts-expect-error signals have their whole names
  signals.push("TERM");
  // @ts-expect-error it ends nothing
  signals.push("SIGSTOP");
  // @ts-expect-error musl has none of that number
  signals.push("SIGRTMIN+30");
  // @ts-expect-error a policy that there is not
  const policy: EntryOptions = { restart: "onFailure" };
  // @ts-expect-error a limit has a time
  const endless: EntryOptions = { limit: { count: 3 } };
  // @ts-expect-error a scope that there is not
  const scope: EntryOptions = { stop: { scope: "session" } };
  const ready: NonNullable<EntryOptions["ready"]>[] = [
    "notify", { notify: true, timeout: "5m" }, { fd: 3 }, { tcp: 80, interval: "1s" }, { tcp: "[::1]:80" }, { http: "https://a.example/" },
    { exec: ["pg_isready", "-q"] }, { log: /ready/i, timeout: "5s" }, { timeout: "5s" },
  ];
  // @ts-expect-error one way of being ready, and no other
  ready.push({ tcp: 80, http: "http://127.0.0.1/" });
  // @ts-expect-error a daemon's time alone has no looks
  ready.push({ timeout: "5s", interval: "1s" });
  // @ts-expect-error it would never be ready
  ready.push({});
  // @ts-expect-error a program has a name
  ready.push({ exec: [] });
  // @ts-expect-error a pattern is a regular expression
  ready.push({ log: "ready" });
  // @ts-expect-error another protocol
  ready.push({ http: "ftp://a.example/" });
  const health: NonNullable<EntryOptions["health"]>[] = [{ tcp: 80 }, { http: "http://127.0.0.1/", interval: "5s", timeout: 500, failures: 1 }];
  // @ts-expect-error a descriptor tells once
  health.push({ fd: 3 });
  // @ts-expect-error one look, and no other
  health.push({ tcp: 80, exec: ["true"] });
  // @ts-expect-error nothing to look at
  health.push({ interval: "5s" });
  const order: EntryOptions = { after: ["a", { entry: "b" }, { entry: "c", on: "finished" }] };
  // @ts-expect-error a moment that there is not
  const moment: EntryOptions = { after: [{ entry: "a", on: "stopped" }] };
  const scheduled: EntryOptions[] = [{ schedule: "0 4 * * *" }, { count: 2, schedule: { cron: "@daily", timezone: "UTC", overlap: "kill" } }];
  // @ts-expect-error what is due is not restarted
  scheduled.push({ schedule: "0 4 * * *", restart: "never" });
  // @ts-expect-error the short form says how it is restarted
  entry("a", "b", [], 1, 2, { schedule: "0 4 * * *" });
  // @ts-expect-error a policy that there is not
  const overlap: EntryOptions = { schedule: { cron: "0 4 * * *", overlap: "queue" } };
  const logs: NonNullable<EntryOptions["log"]>[] = [
    "inherit", "none", { file: "web.{slot}.log" }, { file: "a", maxSize: "64M", keep: 0, compress: true, format: "json", terminal: true },
  ];
  // @ts-expect-error a file is the `file` of an object
  logs.push("web.log");
  // @ts-expect-error a log without a file
  logs.push({ maxSize: "1M" });
  // @ts-expect-error a format that there is not
  logs.push({ file: "a", format: "text" });
  const whole: SentryOptions = { exitWhen: "any", on: (event) => { if (event.type === "exited") console.log(event.code); } };
  // @ts-expect-error there is no such type of event
  const strange: SentryOptions = { on: (event) => { if (event.type === "vanished") console.log(event); } };
  // @ts-expect-error a word that there is not
  const leaving: SentryOptions = { exitWhen: "first" };
  // @ts-expect-error what a daemon without a file is says `true`
  const daemon: EntryOptions = { daemon: {} };
  // @ts-expect-error a limit that there is not
  const limits: EntryOptions = { limits: { nofle: 3 } };
  // @ts-expect-error open descriptors are counted, not measured
  const counted: EntryOptions = { limits: { nofile: "1G" } };
  // @ts-expect-error an address has a port
  const portless: SentryOptions = { http: "127.0.0.1" };
  // @ts-expect-error given twice
  entry("a", "b", [], 1, 2, { delay: 3 });
  // @ts-expect-error the short form has a count
  entry("a", "b", [], 1);
  // @ts-expect-error entries come from `entry`
  sentry([{ name: "a" }]);
  sentry([
    entry("a", "b", ["c"], "1s", 2, { env: { A: process.env["A"] } }),
    entry("a", "b", { env: ({ slot }) => ({ PORT: String(slot) }), listen: [80, "/run/x"] }),
    entry("a", "b", [], { limits: { as: { soft: "1G", hard: "unlimited" } } }),
    entry("a", "b", ["c"], 0, 1, { restart: "never", successCodes: [0, 3], backoff: {}, limit: { count: 3, within: "1m" } }),
    entry("a", "b", { stop: { signal: "SIGINT", grace: 0, scope: "group" }, daemon: true, ready: { timeout: "5s" } }),
    entry("a", "b", { daemon: { pidFile: "b.{slot}.pid" }, backoff: { factor: 1.5, max: "5m", jitter: 0, resetAfter: 0 } }),
  ], { http: false });
  sentry([], { http: "127.0.0.1:8001", maxCount: 20 });
  sentry([], { http: { address: "[::1]:8001", hosts: ["supervisor.example"] } });
  sentry([
    entry("a", "b", [], 1, 2, { ready: "notify", watchdog: "30s", after: "c", watch: ["src/**/*.ts"], restartAbove: "512M" }),
    entry("c", "d", { env: ({ slot }) => ({ PORT: String(slot) }), schedule: "@hourly", health: { tcp: 80 } }),
  ], { on: async () => {}, exitWhen: "all" });
  void [later, policy, endless, scope, daemon, limits, counted, portless, order, moment, overlap, whole, strange, leaving];
});
