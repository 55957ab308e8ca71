/**
 * The programs that the table of docs/stopping.md is about: how each is configured, and how one knows that all that it
 * starts is there. They listen on loopback, or on Unix sockets in the folder of their site.
 *
 * Whether a daemon is seen before it has overwritten its environment is a matter of luck. So each is started by a shell
 * that stays until all of the daemon is there: Sentry looks as late as can be.
 */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

import { NOBODY } from "../support/site.ts";
import type { Site } from "../support/site.ts";

/** Of an entry. */
type Words = readonly [command: string, args: readonly string[], options?: object];

export interface Program {
  /** As the table has it. */
  readonly title: string;
  /** Makes what it needs in the site. */
  readonly words: (site: Site, ordinary: boolean) => Words | Promise<Words>;
  /** Its processes once all are there, in any order: each is one by its command line. */
  readonly processes: readonly RegExp[];
  /** What must be so of one of them besides, by its /proc/PID/status. */
  readonly settled?: { readonly whose: RegExp; readonly is: (status: string) => boolean };
  /** It is a daemon, and the shell that starts it reads a line from `there` before it ends. */
  readonly isDaemon?: boolean;
}

/** Of shells and sleeps: `a` and `b` are those. */
function shell(script: string, processes: readonly RegExp[], options: object = {}, settled?: Program["settled"]): Program {
  const sleeps = script.replace(/\ba\b/, "sleep 1001").replace(/\bb\b/, "sleep 1002");
  const title = `\`sh -c "${script.replaceAll("$", "\\$")}"\``; // as it would be typed
  return { title, words: () => ["sh", ["-c", sleeps], options], processes, ...settled && { settled } };
}

function daemon(command: string, args: readonly string[], by: true | { pidFile: string }): Words {
  return ["sh", ["-c", '"$@" && read -r _ < there', "sh", command, ...args], { daemon: by, ready: { timeout: "10s" } }];
}

const isStopped = (status: string): boolean => /^State:\s+T/m.test(status);
/** SIGTERM is number 15, and bit 14. proc_pid_status(5) */
const ignoresTerm = (status: string): boolean => {
  const [, ignored = "0"] = /^SigIgn:\s+(\w+)/m.exec(status) ?? [];
  return (BigInt(`0x${ignored}`) & (1n << 14n)) !== 0n;
};

export const programs: readonly Program[] = [
  {
    title: "nginx, `daemon off`",
    words: async (site) => ["nginx", await nginx(site, "off")],
    processes: [/^nginx: master /, /^nginx: worker /, /^nginx: worker /],
  },
  {
    title: "nginx, `daemon on`; `daemon: true`",
    words: async (site) => daemon("nginx", await nginx(site, "on"), true),
    processes: [/^nginx: master /, /^nginx: worker /, /^nginx: worker /],
    isDaemon: true,
  },
  {
    title: "redis-server",
    words: (site) => ["redis-server", redis(site)],
    processes: [/^\S*redis-server /],
  },
  {
    title: "`redis-server --daemonize yes`; `daemon: { pidFile }`",
    words: (site) => {
      const pidFile = site.path("redis.pid");
      return daemon("redis-server", [...redis(site), "--daemonize", "yes", "--pidfile", pidFile], { pidFile });
    },
    processes: [/^\S*redis-server unixsocket:/],
    isDaemon: true,
  },
  {
    title: "PostgreSQL",
    words: (site, ordinary) => {
      const args = ["-D", database(site), "-h", "", "-k", site.path("database")];
      return [join(postgresFolder(), "postgres"), args, ordinary ? {} : { user: NOBODY }]; // it refuses to be root's
    },
    processes: [
      /^\S*postgres -D /, /^postgres: checkpointer/, /^postgres: background writer/, /^postgres: walwriter/,
      /^postgres: autovacuum launcher/, /^postgres: logical replication launcher/,
    ],
  },
  {
    title: "`memcached -d`; `daemon: true`",
    words: (site) => {
      const socket = join(ownedByNobody(site, "memcached"), "socket");
      return daemon("memcached", ["-d", "-u", "nobody", "-s", socket], true);
    },
    processes: [/^memcached -d /],
    isDaemon: true,
  },
  shell("a & b", [/^sh /, /^sleep /, /^sleep /]),
  shell("env -i setsid a & wait", [/^sh /, /^sleep /]),
  shell("(env -i setsid a > /dev/null 2>&1 &); b", [/^sh /, /^sleep /, /^sleep /]),
  shell("trap '' TERM; a & trap - TERM; wait", [/^sh /, /^sleep /], { stop: { grace: "300ms" } },
    { whose: /^sleep /, is: ignoresTerm }),
  shell("sh -c 'kill -STOP $$; a' & wait", [/^sh -c sh /, /^sh -c kill /], {}, { whose: /^sh -c kill /, is: isStopped }),
];

/** Debian's package brings a version, in a folder of its own. */
function postgresFolder(): string {
  const versions = "/usr/lib/postgresql";
  const found = (existsSync(versions) ? readdirSync(versions) : []).map((version) => join(versions, version, "bin"));
  const folder = found.find((bin) => existsSync(join(bin, "postgres")));
  if (folder === undefined) throw new Error(`there is no PostgreSQL in ${versions}`);
  return folder;
}

async function nginx(site: Site, daemonizes: "on" | "off"): Promise<string[]> {
  const lines = [
    `daemon ${daemonizes}; worker_processes 2; pid nginx.pid; error_log nginx.log;`,
    "events {}", "http {", "  access_log off;",
    ...["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `  ${name}_temp_path ${name};`),
    `  server { listen 127.0.0.1:${await freePort()}; }`, "}",
  ];
  return ["-p", site.folder, "-c", site.write("nginx.conf", `${lines.join("\n")}\n`), "-e", site.path("nginx.log")];
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

function redis(site: Site): string[] {
  const [socket, log] = [site.path("redis.socket"), site.path("redis.log")];
  return ["--port", "0", "--unixsocket", socket, "--save", "", "--dir", site.folder, "--logfile", log];
}

function ownedByNobody(site: Site, name: string): string {
  chmodSync(site.folder, 0o755);
  mkdirSync(site.path(name), { mode: 0o700 });
  chownSync(site.path(name), NOBODY, NOBODY);
  return site.path(name);
}

function database(site: Site): string {
  const folder = ownedByNobody(site, "database");
  const words = ["-D", folder, "-A", "trust", "--no-sync", "--no-instructions", "--wal-segsize=1"];
  execFileSync(join(postgresFolder(), "initdb"), words,
    { uid: NOBODY, gid: NOBODY, cwd: folder, env: { LC_ALL: "C" }, stdio: "ignore" });
  return folder;
}
