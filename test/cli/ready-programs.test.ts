/** Real programs that say when they are ready, or can be asked: as a distribution ships them. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { request } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { suite, test } from "node:test";

import { childrenOf, isOver, reloads } from "../support/reloading.ts";
import { history } from "../support/shown.ts";
import { NOBODY, Site } from "../support/site.ts";
import { ask, becomes, told } from "../support/slots.ts";
import { freePort } from "../support/tcp.ts";
import { until } from "../support/until.ts";

const isRoot = process.getuid?.() === 0;

interface Program {
  /** Where it may be; what is not there is skipped. */
  readonly paths: readonly string[];
  /** Makes what it needs in the site; as words of a configuration: arguments, and options with its way to be ready. */
  readonly words: (site: Site, port: number) => readonly [args: readonly string[], options: object];
  /** Throws where it does not work, though it is ready. */
  readonly works: (site: Site, port: number) => Promise<unknown>;
  readonly status?: RegExp;
}

function postgres(program: string): readonly string[] {
  const versions = "/usr/lib/postgresql";
  return (existsSync(versions) ? readdirSync(versions) : []).map((version) => join(versions, version, "bin", program));
}

/** Debian's is built with sd_notify. It refuses to be root's. */
function database(site: Site): string {
  const folder = site.path("database");
  mkdirSync(folder, { mode: 0o700 });
  chmodSync(site.folder, 0o755);
  const owner = isRoot ? { uid: NOBODY, gid: NOBODY } : {};
  if (isRoot) chownSync(folder, NOBODY, NOBODY);
  const initdb = postgres("initdb").find((path) => existsSync(path)) ?? "initdb";
  execFileSync(initdb, ["-D", folder, "-A", "trust", "--no-sync", "--no-instructions", "--wal-segsize=1"], { ...owner, cwd: folder, env: { LC_ALL: "C" }, stdio: "ignore" });
  return folder;
}

const NGINX = (folder: string, port: number): string => `
  daemon off; pid ${folder}/nginx.pid; error_log ${folder}/error.log; worker_processes 2; user ${isRoot ? "root" : "nobody"};
  events { worker_connections 16; }
  http { access_log off; server { listen 127.0.0.1:${port}; location = /health { return 204; } } client_body_temp_path ${folder};
    proxy_temp_path ${folder}; fastcgi_temp_path ${folder}; uwsgi_temp_path ${folder}; scgi_temp_path ${folder}; }
`;
const nginx = (site: Site, port: number): string[] => {
  mkdirSync(site.path("logs"));
  return ["-p", site.folder, "-e", site.path("error.log"), "-c", site.write("nginx.conf", NGINX(site.folder, port))];
};

const isAccepted = (path: string | number): Promise<void> => new Promise((resolve, reject) => {
  const socket = typeof path === "string" ? connect(path) : connect(path, "127.0.0.1");
  socket.on("connect", () => {
    socket.destroy();
    resolve();
  }).on("error", reject);
});
const isAnswered = (port: number): Promise<void> => new Promise((resolve, reject) => {
  request({ host: "127.0.0.1", port, path: "/health" }, (response) => {
    response.resume();
    resolve();
  }).on("error", reject).end();
});

const NODE = 'require("node:http").createServer((_, response) => response.end()).listen(Number(process.argv[1]), "127.0.0.1")';

const PROGRAMS: Readonly<Record<string, Program>> = {
  "redis-server --supervised systemd": {
    paths: ["/usr/bin/redis-server", "/usr/local/bin/redis-server"],
    words: (site) => [
      ["--supervised", "systemd", "--port", "0", "--unixsocket", site.path("redis.socket"), "--dir", site.folder, "--save", ""],
      { ready: "notify" },
    ],
    works: (site) => isAccepted(site.path("redis.socket")),
    status: /Ready to accept connections/,
  },
  "PostgreSQL": {
    paths: postgres("postgres"),
    words: (site) => [["-D", database(site), "-h", "", "-k", site.path("database")], { ready: "notify", ...isRoot && { user: NOBODY } }],
    works: (site) => isAccepted(site.path("database/.s.PGSQL.5432")),
  },
  "nginx, by tcp": {
    paths: ["/usr/sbin/nginx", "/usr/local/sbin/nginx"],
    words: (site, port) => [nginx(site, port), { ready: { tcp: `127.0.0.1:${port}` } }],
    works: (_, port) => isAccepted(port),
  },
  "nginx, by http, with health": {
    paths: ["/usr/sbin/nginx", "/usr/local/sbin/nginx"],
    words: (site, port) => {
      const http = `http://127.0.0.1:${port}/health`;
      return [nginx(site, port), { ready: { http }, health: { http, interval: 50 } }];
    },
    works: (_, port) => isAnswered(port),
  },
  "a server of Node, by http": {
    paths: [process.execPath],
    words: (_, port) => [["-e", NODE, String(port)], { ready: { http: `http://127.0.0.1:${port}/` } }],
    works: (_, port) => isAnswered(port),
  },
};

suite("a real program", { concurrency: 2 }, () => {
  for (const [name, { paths, words, works, status }] of Object.entries(PROGRAMS)) {
    const program = paths.find((path) => existsSync(path));
    test(`${name}, works once it is ready, and is still that after a reload and a SIGKILL of Sentry`, { skip: program === undefined && "it is not installed" }, async (t) => {
      const site = new Site(t);
      const port = await freePort();
      const [args, options] = words(site, port);
      site.config(`entry("x", ${JSON.stringify(program)}, ${JSON.stringify(args)}, ${JSON.stringify({ ...options, delay: 10 })})`);
      const first = site.start();
      const { pid } = await becomes(site, "x:0", "running");
      await works(site, port);
      assert.deepEqual(told(site, "x"), ["started", "ready"]);
      if (status !== undefined) assert.match((await site.sentry(["status", "sample.ts"])).stdout, status);
      await reloads(site);
      assert.equal((await becomes(site, "x:0", "running")).pid, pid);
      first.kill("SIGKILL");
      await until("Sentry is gone", () => isOver(first.pid));
      const second = site.start();
      await second.line(/^Sentry took over 1 process /);
      assert.equal((await becomes(site, "x:0", "running")).pid, pid);
      const own = [pid ?? 0, ...childrenOf(pid ?? 0).map((child) => child.pid)];
      await ask(site, "POST", "/processes/x:0/restart");
      await until("another one is ready", () => history(site, "ready").length === 2);
      await works(site, port);
      assert.ok(own.every(isOver), own.join());
      assert.deepEqual(history(site, "exited").map((exit) => [exit.cause, exit.status]), [["restarted", "known"]]);
      await second.stop();
    });
  }
});
