/** Health: a process that is ready is looked at, and one that is found ailing too often in a row is restarted. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { existsSync, readFileSync } from "node:fs";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";

import { FOOTINGS } from "../support/footing.ts";
import { Puppets } from "../support/puppets.ts";
import { reloads } from "../support/reloading.ts";
import { halfRequest, history } from "../support/shown.ts";
import { commandOf, NOBODY, Site } from "../support/site.ts";
import { becomes, told } from "../support/slots.ts";
import { occupy } from "../support/tcp.ts";
import { until } from "../support/until.ts";

const asRoot = process.getuid?.() === 0;

/** Somebody who answers as it is told: by a status, or not at all. */
async function patient(t: TestContext, answer: (asked: number) => number | null): Promise<{ url: string; asked: () => number }> {
  let asked = 0;
  const server = createServer((_, response) => {
    const status = answer(asked++);
    if (status !== null) response.writeHead(status).end();
  });
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, asked: () => asked };
}

const sleeper = (options: string): string => `entry("x", "sleep", ["1000"], { ${options} })`;
const exits = (site: Site): unknown[] => history(site, "exited").map(({ code, signal, cause }) => [code ?? signal, cause]);

suite("a process that is looked at", { concurrency: 4 }, () => {
  test("is restarted as after a failure once so many looks in a row were bad, and that is told once", async (t) => {
    const site = new Site(t);
    const { url } = await patient(t, (asked) => asked < 3 ? 200 : 500);
    site.config(sleeper(`health: { http: "${url}", interval: 30, failures: 4 }, delay: 500, limit: { count: 1, within: "1h" }`));
    const sentry = site.start();
    await becomes(site, "x:0", "failed");
    const life = ["started", "unhealthy", "stopping", "exited"];
    assert.deepEqual(told(site, "x"), [...life, "waiting", ...life, "failed"]);
    const [unhealthy] = history(site, "unhealthy");
    assert.equal(unhealthy?.["failures"], 4);
    assert.match(String(unhealthy?.["message"]), /500/);
    assert.equal(unhealthy?.pid, history(site, "started")[0]?.pid);
    assert.deepEqual(exits(site), [["SIGTERM", "unhealthy"], ["SIGTERM", "unhealthy"]]);
    assert.match((await site.sentry(["why", "x", "-c", "sample.ts"])).stdout, /500/);
    await sentry.stop();
  });

  test("stays where bad looks are not in a row", async (t) => {
    const site = new Site(t);
    const { url, asked } = await patient(t, (count) => count % 3 === 2 ? 200 : 500);
    site.config(sleeper(`health: { http: "${url}", interval: 15, failures: 3 }`));
    const sentry = site.start();
    await until("it was looked at often", () => asked() > 20);
    assert.deepEqual(told(site, "x"), ["started"]);
    await sentry.stop();
  });

  test("fails a look that is not answered in time", async (t) => {
    const site = new Site(t);
    const { url } = await patient(t, () => null);
    site.config(sleeper(`health: { http: "${url}", interval: 20, timeout: 50, failures: 2 }, restart: "never"`));
    const sentry = site.start();
    await becomes(site, "x:0", "failed");
    assert.match(String(history(site, "unhealthy")[0]?.["message"]), /50 ms/);
    await sentry.stop();
  });

  test("by tcp is well as long as somebody accepts there", async (t) => {
    const site = new Site(t);
    const there = await occupy(0, t);
    site.config(sleeper(`health: { tcp: "127.0.0.1:${there.port}", interval: 50, failures: 2 }, restart: "never"`));
    const sentry = site.start();
    await becomes(site, "x:0", "running");
    const begun = performance.now();
    await until("it was looked at often", () => performance.now() - begun > 500);
    assert.deepEqual(told(site, "x"), ["started"]);
    await there.leave();
    await becomes(site, "x:0", "failed");
    assert.match(String(history(site, "unhealthy")[0]?.["message"]), /ECONNREFUSED/);
    await sentry.stop();
  });

  test("is not looked at before it is ready", async (t) => {
    const site = new Site(t);
    const puppets = new Puppets(site);
    const { url, asked } = await patient(t, () => 500);
    site.config(`entry("x", ${puppets.shell()}, { ready: "notify", health: { http: "${url}", interval: 20, failures: 1 }, restart: "never" })`);
    const sentry = site.start();
    await puppets.bid("x:0", "sleep 0.3; notes slept");
    await puppets.note("x");
    assert.equal(asked(), 0);
    await puppets.bid("x:0", "says READY=1");
    await becomes(site, "x:0", "failed");
    assert.deepEqual(told(site, "x"), ["started", "ready", "unhealthy", "stopping", "exited", "failed"]);
    await sentry.stop();
  });

  test("is looked at again after a reload", async (t) => {
    const site = new Site(t);
    const { url, asked } = await patient(t, () => existsSync(site.path("ill")) ? 500 : 200);
    site.config(sleeper(`health: { http: "${url}", interval: 30, failures: 2 }, restart: "never"`));
    const sentry = site.start();
    await becomes(site, "x:0", "running");
    await reloads(site);
    const before = asked();
    await until("it is looked at", () => asked() > before + 2);
    assert.deepEqual(told(site, "x"), ["started"]);
    site.write("ill", "");
    await becomes(site, "x:0", "failed");
    await sentry.stop();
  });
});

for (const footing of FOOTINGS) {
  suite(`a program that looks, ${footing.name}`, { concurrency: 2, skip: footing.skip }, () => {
    test("and is not done in time is killed with all that it has started, and that look was bad", async (t) => {
      const site = new Site(t);
      footing.prepare(site);
      const script = "echo >> looks; (setsid sleep 1001 > /dev/null 2>&1 &); sleep 1002";
      site.config(sleeper(`health: { exec: ["sh", "-c", ${JSON.stringify(script)}], interval: 20, timeout: 200, failures: 2 }, restart: "never"`));
      const sentry = footing.start(site);
      await becomes(site, "x:0", "failed");
      assert.deepEqual(exits(site), [["SIGTERM", "unhealthy"]]);
      assert.ok(readFileSync(site.path("looks"), "utf8").length >= 2);
      await until("nothing of them is left", () => site.alive().every((pid) => !/sleep 100[12]/.test(commandOf(pid))));
      await sentry.stop();
    });

    test("leaves nothing behind that it has started, look by look", async (t) => {
      const site = new Site(t);
      footing.prepare(site);
      const script = "sleep 1003 & (setsid sleep 1004 &); echo >> looks";
      site.config(sleeper(`health: { exec: ["sh", "-c", ${JSON.stringify(script)}], interval: 20, timeout: "5s" }`));
      const sentry = footing.start(site);
      await until("it was looked at often", () => existsSync(site.path("looks")) && readFileSync(site.path("looks"), "utf8").length > 10);
      const left = site.alive().filter((pid) => /sleep 100[34]/.test(commandOf(pid)));
      assert.ok(left.length <= 2, `${left.length} are left`); // of the look that is being taken
      assert.deepEqual(told(site, "x"), ["started"]);
      await sentry.stop();
    });

    test("and is being run when Sentry is killed is ended by the next one, and taken for nobody's process", async (t) => {
      const site = new Site(t);
      footing.prepare(site);
      site.config(sleeper('health: { exec: ["sh", "-c", "test -e once || { echo > once; exec sleep 1005; }"], interval: 20, timeout: "1h" }'));
      const first = footing.start(site);
      await until("it is being run", () => existsSync(site.path("once")));
      first.kill("SIGKILL");
      const second = footing.start(site);
      await second.line(/^Sentry took over 1 process /);
      await becomes(site, "x:0", "running");
      await until("it is gone", () => site.alive().every((pid) => !commandOf(pid).includes("sleep 1005")));
      assert.deepEqual(told(site, "x"), ["started"]);
      await second.stop();
    });
  });
}

suite("a program that looks", { concurrency: 2 }, () => {
  test("runs as the entry does: its user, folder, environment and limits; and its output is nowhere", async (t) => {
    const site = new Site(t);
    const puppets = new Puppets(site); // so that anybody may write there
    const words = 'echo "$(id -u) $PWD $MINE $SENTRY_ENTRY $SENTRY_SLOT $(ulimit -n) ${NOTIFY_SOCKET-none}" > found; echo seen; echo seen >&2';
    const user = asRoot ? `user: ${NOBODY}, ` : "";
    const options = `${user}cwd: "puppets", env: { MINE: "mine" }, limits: { nofile: 77 }, ready: { exec: ["sh", "-c", ${JSON.stringify(words)}] }`;
    site.config(`entry("x", ${puppets.shell("echo begun")}, { ${options} })`);
    const sentry = site.start();
    await becomes(site, "x:0", "running");
    const uid = asRoot ? NOBODY : process.getuid?.();
    assert.equal(readFileSync(site.path("puppets/found"), "utf8"), `${uid} ${site.path("puppets")} mine x 0 77 none\n`);
    await sentry.line(/ begun$/);
    await sentry.stop();
    assert.ok(sentry.lines.every((line) => !line.includes("seen")), sentry.lines.join("\n"));
    assert.deepEqual(told(site, "x").slice(0, 2), ["started", "ready"], "its runs are nobody's");
  });

  test("and is not there is a bad look, and says so", async (t) => {
    const site = new Site(t);
    site.config(sleeper('health: { exec: ["./nowhere"], interval: 20, failures: 2 }, restart: "never"'));
    const sentry = site.start();
    await becomes(site, "x:0", "failed");
    assert.match(String(history(site, "unhealthy")[0]?.["message"]), /nowhere.*ENOENT/);
    await sentry.stop();
  });

  test("is not missed while a reload lets nothing be started", async (t) => {
    const site = new Site(t);
    site.config(sleeper('health: { exec: ["true"], interval: 10, timeout: "250ms", failures: 1 }, restart: "never"'));
    const sentry = site.start();
    await becomes(site, "x:0", "running");
    for (let n = 0; n < 3; n++) {
      await halfRequest(site); // the reload waits for the rest of it
      await reloads(site);
    }
    assert.deepEqual(told(site, "x"), ["started"]);
    await sentry.stop();
  });

  test("is alone, however long it takes: looks of one process never overlap", async (t) => {
    const site = new Site(t);
    const script = "mkdir busy || echo >> met; sleep 0.1; rmdir busy; echo >> looks";
    site.config(sleeper(`health: { exec: ["sh", "-c", "${script}"], interval: 20, timeout: "5s" }`));
    const sentry = site.start();
    await until("it was looked at often", () => existsSync(site.path("looks")) && readFileSync(site.path("looks"), "utf8").length > 5);
    assert.ok(!existsSync(site.path("met")));
    await sentry.stop();
  });
});
