import { test } from "node:test";
import { entry, sentry, type Duration, type EntryOptions, type SentryOptions, type Size } from "../../src/index.ts";

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
  const later: EntryOptions = { backoff: { factor: 2 } };
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
  ], { http: false });
  sentry([], { http: "127.0.0.1:8001", maxCount: 20 });
  sentry([], { http: { address: "[::1]:8001", hosts: ["supervisor.example"] } });
  void [later, limits, counted, whole];
});
