#!/usr/bin/env sentry
// Real programs: redis-server (Debian's package) with its data beside this file, and two Node HTTP servers that share
// one socket. Sentry binds the socket once, so no request meets a closed door while a server restarts.
import { entry, sentry } from "sentryd";

export default sentry([
  entry("redis", "redis-server", ["--port", "6390", "--bind", "127.0.0.1", "--save", ""], {
    delay: "2s",
    limits: { nofile: 4096 },
  }),
  entry("web", "node", ["server.mjs"], {
    count: 2,
    delay: "500ms",
    listen: "127.0.0.1:8080",
    env: ({ slot }) => ({ SERVER_NAME: `web ${slot}` }),
  }),
]);
