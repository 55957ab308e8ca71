import { strict as assert } from "node:assert";
import { test } from "node:test";
import { complaint, door, load } from "./folder.ts";

/** The only entry, with these options. */
async function web(options: string) {
  const { entries: [only] } = await load(`${door}\nexport default sentry([entry("web", "b", [], { ${options} })]);`);
  return only ?? assert.fail("there is no entry");
}

const refused = (options: string) => complaint(`${door}\nexport default sentry([\n  entry("web", "b", [], { ${options} })]);`);

test("each way of being ready arrives with every default filled in", async () => {
  const ways: [string, object | null, string][] = [
    ['"notify"', { kind: "notify" }, "notify"],
    ["{ notify: true }", { kind: "notify" }, "notify"],
    ["{ fd: 3 }", { kind: "fd", fd: 3 }, "probe"],
    ["{ tcp: 80 }", { kind: "tcp", host: "localhost", port: 80, interval: 250 }, "probe"],
    ['{ tcp: "[::1]:80", interval: "2s" }', { kind: "tcp", host: "::1", port: 80, interval: 2000 }, "probe"],
    ['{ tcp: "db.example:5432" }', { kind: "tcp", host: "db.example", port: 5432, interval: 250 }, "probe"],
    ['{ http: "http://127.0.0.1:80/health?a=b" }', { kind: "http", url: "http://127.0.0.1:80/health?a=b", interval: 250 }, "probe"],
    ['{ exec: ["pg_isready", "-q"] }', { kind: "exec", command: "pg_isready", args: ["-q"], interval: 250 }, "probe"],
    ["{ log: /^ready\\/now$/iu }", { kind: "log", source: "^ready\\/now$", flags: "iu" }, "probe"],
  ];
  for (const [asked, ready, kind] of ways) {
    const entry = await web(`ready: ${asked}`);
    assert.deepEqual([entry.ready, entry.law.ready, entry.law.readyTimeout], [ready, kind, 60_000], asked);
  }
  const { law, ready } = await web('daemon: true, ready: { timeout: "5s" }');
  assert.deepEqual([law.ready, law.readyTimeout, ready], ["started", 5000, null]);
  assert.equal((await web('ready: { notify: true, timeout: "5m" }')).law.readyTimeout, 300_000);
});

test("health and watchdog arrive with every default filled in", async () => {
  const plain = await web("health: { tcp: 80 }");
  assert.deepEqual(plain.health, { probe: { kind: "tcp", host: "localhost", port: 80 }, interval: 10_000, timeout: 1000 });
  assert.deepEqual([plain.law.health, plain.law.watchdog, plain.law.ready], [{ failures: 3 }, null, "started"]);
  const other = await web('health: { exec: ["true"], interval: "1m", timeout: "5s", failures: 1 }, watchdog: "30s", restartAbove: "512M"');
  assert.deepEqual(other.health, { probe: { kind: "exec", command: "true", args: [] }, interval: 60_000, timeout: 5000 });
  assert.deepEqual([other.law.health, other.law.watchdog, other.restartAbove], [{ failures: 1 }, 30_000, 512 * 1024 ** 2]);
});

test("an entry is ready in one way, and one that there is", async () => {
  const cases: [string, RegExp][] = [
    ["ready: {}", /^option `ready` of entry `web` says nothing that would make it ready: give it one of `tcp`, .* \(sample\.ts:3:3\)$/],
    ["ready: { timeout: 5 }", /`ready` of entry `web` says nothing that would make it ready/],
    ["daemon: false, ready: { timeout: 5 }", /`ready` of entry `web` says nothing that would make it ready/],
    ["daemon: true, ready: {}", /`ready` of entry `web` says nothing that would make it ready/],
    ["daemon: true, ready: { timeout: 5, interval: 5 }", /`ready\.interval` of entry `web` means nothing without one of `tcp`, `http`, `exec` \(/],
    ['ready: { tcp: 80, http: "http://a/" }', /^option `ready` of entry `web` has both `tcp` and `http`: it takes one of /],
    ['health: { http: "http://a/", exec: ["b"] }', /^option `health` of entry `web` has both `http` and `exec`: it takes one of /],
    ["health: { failures: 5 }", /^option `health` of entry `web` says nothing to look at: give it one of `tcp`, `http`, `exec` \(/],
    ['ready: { tcp: "80" }', /^option `ready\.tcp` of entry `web` is "80", and no "host:port" with a port from 1 to 65535 \(/],
    ['health: { tcp: "*:80" }', /`health\.tcp` of entry `web` is "\*:80", and no "host:port"/],
    ['health: { tcp: "a b:80" }', /is "a b:80", and no "host:port"/],
    ['ready: { tcp: "a:65536" }', /is "a:65536", and no "host:port"/],
    ['ready: { http: "web" }', /^option `ready\.http` of entry `web` is "web", and no URL \(/],
    ['ready: { http: "ftp://a/" }', /is "ftp:\/\/a\/", and must begin with http:\/\/ or https:\/\//],
    ['health: { exec: ["", "a"] }', /^option `health\.exec` of entry `web` begins with an empty text/],
    ["ready: { log: /a/g }", /^option `ready\.log` of entry `web` has the flag g, which means nothing/],
    ["ready: { log: /a/y }", /has the flag y, which means nothing/],
    ['ready: { log: { source: "(", flags: "" } }', /^option `ready\.log` of entry `web` is no regular expression/],
  ];
  for (const [options, said] of cases) assert.match(await refused(options), said, options);
});

test("a password in a URL is refused, and not told", async () => {
  const said = await refused('ready: { http: "http://root:hunter2@127.0.0.1/" }');
  assert.match(said, /^option `ready\.http` of entry `web` must have no user and no password in it/);
  assert(!said.includes("hunter2"));
});

test("spans that mean nothing, or are longer than a timer, are refused", async () => {
  for (const option of ["ready.timeout", "ready.interval", "health.interval", "health.timeout"]) {
    const [outer, inner] = option.split(".");
    assert.match(await refused(`${outer}: { tcp: 80, ${inner}: 0 }`), new RegExp(`^option \`${option}\` of entry \`web\` must be more than 0 \\(`));
    assert.match(await refused(`${outer}: { tcp: 80, ${inner}: "999h" }`), new RegExp(`\`${option}\` of entry \`web\` must be at most 24 days`));
  }
  assert.match(await refused("watchdog: 0"), /^option `watchdog` of entry `web` must be more than 0/);
  assert.match(await refused('watchdog: "597h"'), /`watchdog` of entry `web` must be at most 24 days/);
  assert.match(await refused("restartAbove: 0"), /^option `restartAbove` of entry `web` must be more than 0/);
});

test("the descriptor of readiness is none that `listen` takes", async () => {
  const said = /^option `ready\.fd` of entry `web` is 4, which is a socket of `listen`: the first that is free is 5 \(/;
  assert.match(await refused('listen: [8080, "/run/a"], ready: { fd: 4 }'), said);
  assert.deepEqual((await web('listen: [8080, "/run/a"], ready: { fd: 5 }')).ready, { kind: "fd", fd: 5 });
});

test("what a daemon cannot do is refused, with the reason", async () => {
  assert.match(await refused('daemon: true, ready: "notify"'), /`ready` of entry `web` is sd_notify's: such a program names its main process itself \(MAINPID\)/);
  assert.match(await refused("daemon: true, ready: { fd: 3 }"), /`ready\.fd` of entry `web` is nothing for a `daemon`, which closes what/);
  assert.match(await refused('daemon: true, watchdog: "30s"'), /`watchdog` of entry `web` is nothing for a `daemon`: its WATCHDOG_PID is/);
  assert.equal((await web("daemon: true, ready: { tcp: 80 }, health: { tcp: 80 }")).law.ready, "probe");
});
