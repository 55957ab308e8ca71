import { strict as assert } from "node:assert";
import { join } from "node:path";
import { test } from "node:test";
import { complete } from "../../src/config/complete.ts";
import type { EntryConfiguration } from "../../src/config/configuration.ts";
import { environmentOf, makeEnvironment } from "../../src/config/environment.ts";
import { readProgram } from "../../src/config/given.ts";
import { entry, sentry, type EntryOptions } from "../../src/index.ts";
import { inFolder } from "./folder.ts";

function entryWith(options: EntryOptions, folder = "/"): EntryConfiguration {
  const [made] = complete("/sample.ts", folder, readProgram(sentry([entry("web", "b", [], options)]), "/sample.ts")).entries;
  assert.ok(made);
  return made;
}

test("a process gets Sentry's environment, what the configuration adds, and who it is", () => {
  assert.deepEqual(environmentOf(entryWith({ env: { A: "2", B: "" } }), 3, { PATH: "/bin", A: "1" }, { SENTRY_RUN: "x.7" }), [
    "PATH=/bin", "A=2", "B=", "SENTRY_RUN=x.7", "SENTRY_ENTRY=web", "SENTRY_SLOT=3",
  ]);
});

test("what was meant for Sentry does not reach its processes", () => {
  const meant = {
    NOTIFY_SOCKET: "/n", WATCHDOG_USEC: "1", WATCHDOG_PID: "1", LISTEN_FDS: "1", LISTEN_PID: "1", LISTEN_FDNAMES: "a",
    NODE_CHANNEL_FD: "3", NODE_CHANNEL_SERIALIZATION_MODE: "json", NODE_UNIQUE_ID: "1", npm_config_x: "1",
    npm_lifecycle_event: "npx", INIT_CWD: "/", SENTRY_ENTRY: "outer", SENTRY_SLOT: "9", SENTRY_RUN: "9",
  };
  const kept = { HOME: "/h", NODE_ENV: "test", SENTRY_DSN: "s", NPM: "x" };
  const own = ["SENTRY_ENTRY=web", "SENTRY_SLOT=0"];
  assert.deepEqual(environmentOf(entryWith({}), 0, { ...meant, ...kept }, {}), [
    "HOME=/h", "NODE_ENV=test", "SENTRY_DSN=s", "NPM=x", ...own,
  ]);
  assert.deepEqual(environmentOf(entryWith({ inheritEnv: ["HOME", "LISTEN_FDS"] }), 0, { ...meant, ...kept }, {}), ["HOME=/h", ...own]);
  assert.deepEqual(environmentOf(entryWith({ inheritEnv: false }), 0, { ...meant, ...kept }, {}), own);
});

test("who Sentry's own user is does not reach a process of another user", () => {
  const inherited = { HOME: "/root", USER: "root", LOGNAME: "root", SHELL: "/bin/sh", LANG: "C" };
  const own = ["SENTRY_ENTRY=web", "SENTRY_SLOT=0"];
  assert.deepEqual(environmentOf(entryWith({ user: "nobody", env: { SHELL: "/bin/own" } }), 0, inherited, {}), ["LANG=C", "SHELL=/bin/own", ...own]);
});

test("a file of variables is read at each start, and what the configuration says wins over it", async () => {
  await inFolder({ "web.env": '# a comment\nA=1\nB="two words"\n' }, async (folder) => {
    const web = entryWith({ envFile: "web.env", env: { A: "9" }, inheritEnv: false }, folder);
    assert.deepEqual(await makeEnvironment(web, 0, {}, {}, null), ["A=9", "B=two words", "SENTRY_ENTRY=web", "SENTRY_SLOT=0"]);
  });
});

test("a file of variables that is not there is a start that failed", async () => {
  const web = entryWith({ envFile: "/nowhere/web.env" });
  assert.deepEqual(await makeEnvironment(web, 0, {}, {}, null), {
    step: "envFile", errno: "ENOENT", message: "no such file or directory", subject: "/nowhere/web.env",
  });
  await inFolder({ "web.env": "A=\0" }, async (folder) => {
    const fault = await makeEnvironment(entryWith({ envFile: join(folder, "web.env") }), 0, {}, {}, null);
    assert.equal(Array.isArray(fault) ? null : fault.errno, "EINVAL");
  });
});
