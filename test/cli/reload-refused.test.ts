/** What cannot be used never replaces what runs (promise 5). */
import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { suite, test } from "node:test";

import { history, processes } from "../support/shown.ts";
import { Site } from "../support/site.ts";
import { until } from "../support/until.ts";

const sleepers = 'entry("x", "sleep", ["1000"], { count: 2 })';

/** How the configuration is spoilt, and what is to be said of it. */
const spoilt: Record<string, readonly [(config: string) => void, RegExp]> = {
  "is no program": [(config) => writeFileSync(config, "export default sentry([\n"), /sample\.ts:\d+/],
  "was moved away": [(config) => renameSync(config, `${config}.away`), /sample\.ts/],
  "is empty": [(config) => writeFileSync(config, ""), /export default/],
  "throws": [(config) => writeFileSync(config, 'throw new Error("not today");\n'), /not today/],
  "ends its process": [(config) => writeFileSync(config, "process.exit(0);\n"), /./],
  "imports what is not there": [(config) => writeFileSync(config, 'import "./nowhere.ts";\n'), /nowhere/],
  "has a wrong option": [
    (config) => writeFileSync(config, 'import { entry, sentry } from "sentryd";\nexport default sentry([entry("x", "sleep", ["1"], { count: -1 })]);\n'),
    /count/],
  "takes more than 10 s (slow: it takes that long)": [
    (config) => writeFileSync(config, "await new Promise((resolve) => setTimeout(resolve, 60_000));\n"), /10 s/],
};

suite("a reload", { concurrency: 4 }, () => {
  for (const [what, [spoil, expected]] of Object.entries(spoilt)) {
    test(`with a configuration that ${what} comes to nothing: exit 7, 422, and everything runs on`, async (t) => {
      const site = new Site(t);
      const config = site.config(sleepers);
      const sentry = site.start();
      for (let n = 0; n < 2; n++) await sentry.started("x");
      const before = await processes(site);
      spoil(config);
      const [{ code, stdout, stderr }, { status, type, body }] = await Promise.all(
        [site.sentry(["reload", "sample.ts"]), site.get("/plan", undefined, "POST")]);
      assert.deepEqual([code, stdout], [7, ""], stderr);
      assert.match(stderr, /^sentry: /);
      assert.match(stderr, expected);
      assert.deepEqual([status, (body as { code: string }).code], [422, "E_CONFIG_INVALID"]);
      assert.match(type, /^application\/problem\+json/);
      const told = [`Problem encountered while compiling ${config}`, stderr.replace(/^sentry: /, "").trimEnd()].join("\n");
      await until("the same is told in the transcript", () => sentry.lines.join("\n").endsWith(told), () => sentry.lines.join("\n"));
      assert.deepEqual(await processes(site), before);
      assert.deepEqual(history(site, "reloaded", "stopping", "fault"), []);

      rmSync(`${config}.away`, { force: true });
      site.config(`${sleepers}, entry("y", "sleep", ["1000"])`);
      assert.equal((await site.sentry(["reload", "sample.ts"])).code, 0);
      await sentry.started("y");
      await sentry.stop();
    });
  }

  test("over HTTP with a configuration that cannot be used is answered with 422 and its message", async (t) => {
    const site = new Site(t);
    const config = site.config(sleepers);
    const sentry = site.start();
    for (let n = 0; n < 2; n++) await sentry.started("x");
    writeFileSync(config, 'throw new Error("not today");\n');
    const { status, type, body } = await site.get("/reload", undefined, "POST");
    assert.equal(status, 422);
    assert.match(type, /^application\/problem\+json/);
    const { code, detail } = body as { code: string; detail: string };
    assert.equal(code, "E_CONFIG_INVALID");
    assert.match(detail, /not today/);
    await sentry.stop();
  });

  test("by SIGHUP with a configuration that cannot be used is told in the transcript", async (t) => {
    const site = new Site(t);
    const config = site.config(sleepers);
    const sentry = site.start();
    const pid = await sentry.started("x");
    writeFileSync(config, 'throw new Error("not today");\n');
    sentry.kill("SIGHUP");
    await sentry.line(new RegExp(`^Problem encountered while compiling ${config}$`));
    await sentry.line(/not today/);
    assert.ok((await processes(site)).some((one) => one.pid === pid));
    await sentry.stop();
  });

  test("to addresses of which one is taken comes to nothing: exit 7, and none of the others is bound", async (t) => {
    const site = new Site(t);
    site.config(sleepers);
    const other = createServer().listen(0, "127.0.0.1");
    t.after(() => other.close());
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    const free = await freePort();
    const sentry = site.start();
    for (let n = 0; n < 2; n++) await sentry.started("x");
    const before = await processes(site);
    site.config(`${sleepers}, entry("web", "sleep", ["1000"], { listen: ["127.0.0.1:${free}", "./web.sock", "127.0.0.1:${port}"] })`);
    const { code, stdout, stderr } = await site.sentry(["reload", "sample.ts"]);
    assert.deepEqual([code, stdout], [7, ""], stderr);
    assert.match(stderr, new RegExp(`127\\.0\\.0\\.1:${port}.*EADDRINUSE`));
    assert.ok(sentry.lines.some((line) => line.includes(`127.0.0.1:${port}`)));
    assert.deepEqual(await processes(site), before);
    assert.ok(await isRefused(free), "nobody listens there");
    assert.ok(!existsSync(site.path("web.sock")));
    other.close();
    assert.equal((await site.sentry(["reload", "sample.ts"])).code, 0, "the port is free now");
    await sentry.started("web");
    assert.ok(!await isRefused(free) && !await isRefused(port));
    await sentry.stop();
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

function isRefused(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("connect", () => { socket.destroy(); resolve(false); });
    socket.on("error", () => resolve(true));
  });
}

test("a reload is refused while a file is missing that is loaded late, and everything runs on", async (t) => {
  const site = new Site(t);
  site.install();
  site.config('entry("x", "sleep", ["1000"])');
  const sentry = site.start();
  const pid = await sentry.started("x");
  for (const name of ["openapi.json", "http.js"]) {
    const file = site.path("installed/dist", name);
    renameSync(file, `${file}.away`);
    const { code, stderr } = await site.sentry(["reload", "sample.ts"]);
    assert.equal(code, 7, stderr);
    assert.match(stderr, new RegExp(name));
    renameSync(`${file}.away`, file);
  }
  assert.equal((await site.sentry(["reload", "sample.ts"])).code, 0);
  process.kill(pid, 0);
  await sentry.stop();
});
