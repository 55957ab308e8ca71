/** What `sentry init` writes. */
export const template = `#!/usr/bin/env sentry
// A configuration of Sentry. Start it with \`sentry start\`, stop it with \`sentry stop\`.
// An editor that knows the package (npm i -D sentryd) completes and checks the options.
import { entry, sentry } from "sentryd";

export default sentry([
  // The short form: name, program, arguments, delay before a restart in milliseconds, number of processes.
  entry("dummy", "sleep", ["4"], 1000, 1),

  // The full form. Every option has a default.
  // entry("web", "node", ["server.js"], {
  //   count: 2,
  //   delay: "2s",
  //   limit: { count: 10, within: "5m" },
  //   stop: { grace: "30s" },
  //   cwd: "./web",
  //   env: ({ slot }) => ({ PORT: String(8080 + slot) }),
  //   limits: { nofile: 4096 },
  // }),
]);
`;
