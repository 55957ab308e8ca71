/** Real programs that fork themselves away, as a distribution's defaults have them do. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { suite, test } from "node:test";

import { childrenOf, isOver, reloads } from "../support/reloading.ts";
import { history } from "../support/shown.ts";
import { Site } from "../support/site.ts";
import { ask, becomes } from "../support/slots.ts";
import { freePort } from "../support/tcp.ts";
import { until } from "../support/until.ts";

interface Daemon {
  /** Where it may be; what is not there is skipped. */
  readonly paths: readonly string[];
  readonly args: (site: Site, port: number) => string[];
}

const NGINX = (folder: string, port: number): string => `
  daemon on; pid ${folder}/daemon.pid; error_log ${folder}/error.log; worker_processes 2; user root;
  events { worker_connections 16; }
  http { access_log off; server { listen 127.0.0.1:${port}; } client_body_temp_path ${folder}; proxy_temp_path ${folder};
    fastcgi_temp_path ${folder}; uwsgi_temp_path ${folder}; scgi_temp_path ${folder}; }
`;

const DAEMONS: Readonly<Record<string, Daemon>> = {
  redis: {
    paths: ["/usr/bin/redis-server", "/usr/local/bin/redis-server"],
    args: (site) => [
      "--daemonize", "yes", "--port", "0", "--unixsocket", site.path("redis.socket"), "--dir", site.folder, "--save", "",
      "--pidfile", site.path("daemon.pid"),
    ],
  },
  memcached: {
    paths: ["/usr/bin/memcached", "/usr/local/bin/memcached"],
    args: (site) => ["-d", "-u", "root", "-s", site.path("memcached.socket"), "-P", site.path("daemon.pid")],
  },
  nginx: {
    paths: ["/usr/sbin/nginx", "/usr/local/sbin/nginx"],
    // A Unix socket would be in the way of its successor, where it was killed.
    args: (site, port) => ["-p", site.folder, "-c", site.write("nginx.conf", NGINX(site.folder, port))],
  },
};

suite("a real daemon", { concurrency: 3 }, () => {
  for (const [name, { paths, args }] of Object.entries(DAEMONS)) {
    const program = paths.find((path) => existsSync(path));
    for (const [how, daemon] of [["by its PID file", '{ pidFile: "daemon.pid" }'], ["without one", "true"]] as const) {
      const skip = program === undefined && `${name} is not installed`;
      test(`${name} is followed ${how}, taken along and taken over, and gone when it is stopped`, { skip }, async (t) => {
        const site = new Site(t);
        mkdirSync(site.path("logs"));
        site.config(`entry("x", ${JSON.stringify(program)}, ${JSON.stringify(args(site, await freePort()))}, { daemon: ${daemon}, delay: 10 })`);
        const first = site.start();
        const { pid } = await becomes(site, "x:0", "running");
        await until("it has written its PID file", () => existsSync(site.path("daemon.pid")) && readFileSync(site.path("daemon.pid"), "utf8").trim() !== "");
        assert.equal(pid, Number(readFileSync(site.path("daemon.pid"), "utf8")));
        await reloads(site);
        first.kill("SIGKILL");
        await until("Sentry is gone", () => isOver(first.pid));
        const second = site.start();
        await second.line(/^Sentry took over 1 process /);
        assert.equal((await becomes(site, "x:0", "running")).pid, pid);
        assert(pid !== null);
        process.kill(pid, "SIGKILL");
        const again = await until("another one is ready", () => history(site, "ready")[1]?.pid);
        assert.notEqual(again, pid);
        const own = [again, ...childrenOf(again).map((child) => child.pid)];
        await ask(site, "POST", "/processes/x:0/down");
        await becomes(site, "x:0", "stopped");
        assert.ok(own.every(isOver), own.join());
        await second.stop();
      });
    }
  }
});
