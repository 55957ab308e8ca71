#!/usr/bin/env sentry
// Where output goes. `sentry logs -f` shows all of it, but what is thrown away.
import { entry, sentry } from "sentryd";

const says = (text: string): string[] => ["-c", `while echo ${text}; do sleep 1; done`];

export default sentry([
  // To the terminal, each line with time and label.
  entry("plain", "sh", says("something to look at")),

  // A file for each of the two processes, with what they print and nothing else: web.0.log, web.1.log. Before one would be
  // larger than 10 MB it becomes web.0.log.1, and so on up to web.0.log.5.
  entry("web", "sh", says("GET /"), { count: 2, log: { file: "web.{slot}.log" } }),

  // An object a line, for a program that collects them; the terminal has it as well. What was rotated is compressed.
  entry("api", "sh", says('"POST /orders"; echo "slow: 2 s" >&2'), {
    log: { file: "api.log", format: "json", maxSize: "64M", keep: 20, compress: true, terminal: true },
  }),

  // Thrown away, once a line has said that it is ready.
  entry("noisy", "sh", says("ready"), { ready: { log: /^ready$/ }, log: "none" }),
]);
