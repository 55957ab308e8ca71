/**
 * Fault injection, for tests: Sentry ends by SIGKILL at a point that SENTRY_DIE_AT names, `state-half`, or at the n-th
 * time that it gets there, `state-half:3`. docs/survival.md lists the points. Where the variable is not set this is one
 * comparison, so it is in the product as it is tested. native/die_at.h has the same for threads.
 */
const [doomed, nth = "1"] = (process.env["SENTRY_DIE_AT"] ?? "").split(":");
let rest = Number(nth);

export function dieAt(point: string): void {
  if (point !== doomed || --rest > 0) return;
  process.kill(process.pid, "SIGKILL");
  for (;;); // the signal is on its way, and nothing may be done any more
}
