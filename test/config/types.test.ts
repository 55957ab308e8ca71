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
  const later: EntryOptions = { health: { tcp: 80 } };
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
  // @ts-expect-error other ways of being ready are not built in this version
  const ready: EntryOptions = { daemon: true, ready: { timeout: "5s", tcp: 80 } };
  // @ts-expect-error what a daemon without a file is says `true`
  const daemon: EntryOptions = { daemon: {} };
  // @ts-expect-error a limit that there is not
  const limits: EntryOptions = { limits: { nofle: 3 } };
  // @ts-expect-error open descriptors are counted, not measured
  const counted: EntryOptions = { limits: { nofile: "1G" } };
  // @ts-expect-error an address has a port
  const whole: SentryOptions = { http: "127.0.0.1" };
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
  void [later, policy, endless, scope, ready, daemon, limits, counted, whole];
});
