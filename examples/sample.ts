#!/usr/bin/env sentry
// The original Sentry's own example: one process that sleeps for four seconds, kept running, one second between two lives.
import { entry, sentry } from "sentryd";

export default sentry([
  entry("dummy", "sleep", ["4"], 1000, 1),
]);
