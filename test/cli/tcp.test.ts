/** On which TCP address HTTP is served, and what becomes of a start where that cannot be. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";

import { Site } from "../support/site.ts";
import { ask, bearing, freePort, hasIPv6, occupy, ownAddresses, refusalAt, tokenOf } from "../support/tcp.ts";
import type { Occupant } from "../support/tcp.ts";

const sleeper = 'entry("x", "sleep", ["1000"])';

/** Shows that it was started: words of a configuration. */
const witness = 'entry("x", "sh", ["-c", "touch was-started; exec sleep 1000"])';

const DEFAULT = 8001;
const TAKEN = /^Cannot use .*\b127\.0\.0\.1:8001\b.*EADDRINUSE.* Sentry supervises on without .* Unix socket answers\b/;

/** Null: somebody else on this machine has it already. */
async function occupyDefault(t: TestContext): Promise<Occupant | null> {
  return occupy(DEFAULT, t).catch((error: NodeJS.ErrnoException) => {
    assert.equal(error.code, "EADDRINUSE");
    return null;
  });
}

/** What a start that came to nothing has left, beside the configuration and its empty run folder. */
function leftIn(site: Site): string[] {
  return readdirSync(site.folder, { recursive: true, encoding: "utf8" })
    .filter((name) => !["sample.ts", "sample.run", "sample.run/.gitignore"].includes(name));
}

suite("the default address", { concurrency: 1 }, () => {
  test("where somebody else has it, is done without: one line says so, all is supervised and the socket answers", async (t) => {
    await occupyDefault(t);
    const site = new Site(t);
    site.config(sleeper, "sample.ts", "{}");
    const sentry = site.start();
    const pid = await sentry.started("x");
    assert.equal(sentry.lines.filter((line) => TAKEN.test(line)).length, 1, sentry.lines.join("\n"));
    assert.equal(sentry.lines.filter((line) => /HTTP/.test(line)).length, 1);
    assert.equal((await site.get("/health")).status, 200);
    assert.equal((await site.sentry(["status", "sample.ts"])).code, 0);
    process.kill(pid, "SIGKILL");
    await sentry.started("x");
    await sentry.stop();
  });

  test("is told of by a detached start too, which succeeds", async (t) => {
    await occupyDefault(t);
    const site = new Site(t);
    site.config(sleeper, "sample.ts", "{}");
    const { code, stdout } = await site.sentry(["start", "-d", "sample.ts"]);
    assert.equal(code, 0);
    assert.match(stdout.trimEnd().split("\n")[1] ?? "", TAKEN);
    assert.equal((await site.sentry(["stop", "sample.ts"])).code, 0);
    await site.nobodyLeft();
  });

  test("that was taken at the start and is free at a reload is taken then", async (t) => {
    const occupant = await occupyDefault(t);
    if (occupant === null) return t.skip("somebody has port 8001");
    const site = new Site(t);
    site.config(sleeper, "sample.ts", "{}");
    const sentry = site.start();
    await sentry.started("x");
    assert.equal((await site.sentry(["reload", "sample.ts"])).code, 0);
    await sentry.line(TAKEN);
    await sentry.line(TAKEN);
    await occupant.leave();
    assert.equal((await site.sentry(["reload", "sample.ts"])).code, 0);
    assert.equal((await ask(DEFAULT, "/health")).status, 200);
    assert.equal(sentry.lines.filter((line) => /HTTP/.test(line)).length, 2);
    await sentry.stop();
    assert.equal(await refusalAt(DEFAULT), "ECONNREFUSED");
  });

  test("is the first Sentry's where there are two, until that one is gone", async (t) => {
    const occupant = await occupyDefault(t);
    if (occupant === null) return t.skip("somebody has port 8001");
    await occupant.leave();
    const sites = [new Site(t), new Site(t)] as const;
    for (const [n, site] of sites.entries()) site.config(`entry("x${n}", "sleep", ["1000"])`, "sample.ts", '{ http: { hosts: ["both.example"] } }');
    const answers = async () => {
      const { text } = await ask(DEFAULT, "/entries", { headers: { host: "both.example" } });
      return (JSON.parse(text) as { name: string }[]).map(({ name }) => name);
    };
    const first = sites[0].start();
    await first.started("x0");
    const second = sites[1].start();
    await second.started("x1");
    assert.ok(!first.lines.some((line) => /HTTP/.test(line)));
    await second.line(TAKEN);
    assert.deepEqual(await answers(), ["x0"]);
    for (const site of sites) assert.equal((await site.get("/health")).status, 200);
    await first.stop();
    assert.equal((await sites[1].sentry(["reload", "sample.ts"])).code, 0);
    assert.deepEqual(await answers(), ["x1"]);
    await second.stop();
  });

  test("that the configuration spells out is one that it asks for: taken, it keeps Sentry from starting", async (t) => {
    await occupyDefault(t);
    const site = new Site(t);
    for (const options of ['{ http: "127.0.0.1:8001" }', '{ http: { address: "127.0.0.1:8001" } }']) {
      site.config(witness, "sample.ts", options);
      assert.equal((await site.sentry(["start", "sample.ts"])).code, 5);
    }
    assert.deepEqual(leftIn(site), []);
  });
});

suite("an address that the configuration gives", { concurrency: 2 }, () => {
  for (const detach of [[], ["--detach"]]) {
    test(`keeps Sentry from starting where it is taken${detach.length > 0 ? ", also detached" : ""}: exit 5, no process, no file`, async (t) => {
      const { port } = await occupy(0, t);
      const site = new Site(t);
      site.config(witness, "sample.ts", `{ http: "127.0.0.1:${port}" }`);
      const { code, stdout, stderr } = await site.sentry(["start", "sample.ts", ...detach]);
      assert.deepEqual([code, stdout], [5, ""], stderr);
      assert.match(stderr, new RegExp(`^sentry: cannot use .*\\b127\\.0\\.0\\.1:${port}\\b.*EADDRINUSE`));
      await site.nobodyLeft();
      assert.deepEqual(leftIn(site), []);
    });
  }

  test("keeps Sentry from starting where it is not this machine's, and one that is free then lets it start", async (t) => {
    const site = new Site(t);
    const port = await freePort();
    site.config(witness, "sample.ts", `{ http: "203.0.113.77:${port}" }`);
    const { code, stderr } = await site.sentry(["start", "sample.ts"]);
    assert.equal(code, 1, stderr);
    assert.match(stderr, new RegExp(`^sentry: cannot use .*\\b203\\.0\\.113\\.77:${port}\\b.*EADDRNOTAVAIL`));
    await site.nobodyLeft();
    assert.deepEqual(leftIn(site), []);
    site.config(witness, "sample.ts", `{ http: "127.0.0.1:${port}" }`);
    const sentry = site.start();
    await sentry.started("x");
    assert.equal((await ask(port, "/health")).status, 200);
    await sentry.stop();
  });

  const reserved = Number(readFileSync("/proc/sys/net/ipv4/ip_unprivileged_port_start", "utf8")) > 1;

  test("keeps Sentry from starting where its user may not have it: exit 5, and no other folder would mend that", {
    skip: !reserved && "all ports are anybody's",
  }, async (t) => {
    const site = new Site(t);
    site.becomeOrdinary();
    site.config(witness, "sample.ts", '{ http: "127.0.0.1:1" }');
    const { code, stderr } = await site.sentry(["start", "sample.ts"]);
    assert.equal(code, 5, stderr);
    assert.match(stderr, /^sentry: cannot use .*\b127\.0\.0\.1:1\b.*EACCES/);
    assert.doesNotMatch(stderr, /--run-dir/);
    await site.nobodyLeft();
    assert.ok(!existsSync(site.path("was-started")));
  });

  test("may be localhost", async (t) => {
    const site = new Site(t);
    const port = await freePort();
    site.config(sleeper, "sample.ts", `{ http: "localhost:${port}" }`);
    const sentry = site.start();
    await sentry.started("x");
    for (const host of ["localhost", `localhost:${port}`, "127.0.0.1"]) {
      assert.equal((await ask(port, "/processes", { headers: { host }, host: "localhost" })).status, 200, host);
    }
    await sentry.stop();
  });

  test("may be one of IPv6, and is not one of IPv4 then", { skip: !hasIPv6 && "no IPv6" }, async (t) => {
    const site = new Site(t);
    const port = await freePort();
    site.config(sleeper, "sample.ts", `{ http: "[::1]:${port}" }`);
    const sentry = site.start();
    await sentry.started("x");
    for (const host of [`[::1]:${port}`, "[::1]", "localhost"]) {
      assert.equal((await ask(port, "/processes", { host: "::1", headers: { host } })).status, 200, host);
    }
    assert.equal((await ask(port, "/processes", { host: "::1", headers: { host: "127.0.0.1" } })).status, 403);
    assert.equal(await refusalAt(port), "ECONNREFUSED");
    await sentry.stop();
  });

  for (const host of ["*", "0.0.0.0"]) {
    test(`may be all of the machine's (${host}): each asks for the token, for all but /health`, async (t) => {
      const site = new Site(t);
      const port = await freePort();
      site.config(sleeper, "sample.ts", `{ http: "${host}:${port}" }`);
      const sentry = site.start();
      await sentry.started("x");
      const reached = ["127.0.0.1", "127.0.0.2", ...ownAddresses, ...hasIPv6 && host === "*" ? ["::1"] : []];
      for (const to of reached) {
        assert.equal((await ask(port, "/health", { host: to })).status, 200, to);
        for (const path of ["/ready", "/processes", "/entries", "/metrics", "/types", "/openapi.json", "/history", "/nowhere"]) {
          assert.equal((await ask(port, path, { host: to })).status, 401, `${path} at ${to}`);
        }
        assert.equal((await ask(port, "/processes", { host: to, headers: bearing(tokenOf(site)) })).status, 200, to);
      }
      await sentry.stop();
    });
  }
});

test("a run folder whose path is longer than a socket's address can be works as any other", async (t) => {
  const site = new Site(t);
  const port = await freePort();
  site.config(sleeper, "sample.ts", `{ http: "127.0.0.1:${port}" }`);
  const folder = site.path("long".repeat(30), "longer".repeat(20));
  mkdirSync(site.path("long".repeat(30)));
  const there = ["--run-dir", folder];
  const sentry = site.start(["start", "sample.ts", ...there]);
  const pid = await sentry.started("x");
  assert.ok(existsSync(`${folder}/socket`));
  for (const verb of ["status", "reload", "status"]) {
    const { code, stdout, stderr } = await site.sentry([verb, "sample.ts", ...there, "--json"]);
    assert.equal(code, 0, stderr);
    if (verb === "status") assert.ok(stdout.includes(`"pid":${pid}`) || stdout.includes(`"pid": ${pid}`), stdout);
  }
  assert.equal((await ask(port, "/health")).status, 200);
  assert.equal((await site.sentry(["stop", "sample.ts", ...there])).code, 0);
  await sentry.endsWell();
  assert.ok(!existsSync(`${folder}/socket`));
});
