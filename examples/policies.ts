#!/usr/bin/env sentry
// What follows an end, how a process is stopped, and a program that forks itself away.
import { entry, sentry } from "sentryd";

const folder = import.meta.dirname;

export default sentry([
  // A job: done once it has exited with 0, and with 3, which is its word for "nothing to do". After any other end it is
  // tried again, and given up after the fifth failure of an hour: `sentry up job` tries anew.
  entry("job", "sh", ["-c", "sleep 2; exit 3"], {
    restart: "on-failure",
    successCodes: [0, 3],
    delay: "5s",
    limit: { count: 4, within: "1h" },
  }),

  // A server should not end by itself, so an exit with 0 is a failure too. The longer it fails, the longer the wait: about
  // 1 s, 2 s, 4 s, and so on, up to a minute; once it has lived for half a minute it begins again with 1 s. A stop sends it
  // SIGINT, and half a minute later SIGKILL.
  entry("web", "node", ["server.mjs"], {
    listen: "127.0.0.1:8080",
    successCodes: [],
    backoff: { max: "1m" },
    stop: { signal: "SIGINT", grace: "30s" },
  }),

  // redis-server (Debian's package) that makes itself a daemon. Its PID file says which process to follow.
  entry("redis", "redis-server", [
    "--port", "6391", "--bind", "127.0.0.1", "--save", "", "--daemonize", "yes", "--pidfile", `${folder}/redis.pid`,
  ], {
    daemon: { pidFile: "redis.pid" },
    ready: { timeout: "10s" },
  }),
]);
