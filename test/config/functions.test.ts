import { strict as assert } from "node:assert";
import { test, type TestContext } from "node:test";
import { makeEnvironment } from "../../src/config/environment.ts";
import { Functions, type StartFault } from "../../src/config/functions.ts";
import { door, load } from "./folder.ts";

/** The host of the functions of these entries; what they print is gathered. */
async function host(context: TestContext, entries: string, before = "") {
  const configuration = await load(`${door}\n${before}\nexport default sentry([\n${entries}\n]);`);
  const printed: string[] = [];
  const functions = new Functions(configuration.code ?? "", configuration.path, (text) => printed.push(text),
    () => new URL("../../src/config/functions-worker.js", import.meta.url));
  context.after(() => functions.close());
  const fault = (entry: string, slot = 0) => functions.env(entry, slot).then(
    () => assert.fail("it gave an environment"), (error: StartFault) => error.fault,
  );
  return { configuration, functions, printed, fault };
}

test("a function makes the environment of each slot, and knows what lies around it", async (context) => {
  const { functions, configuration } = await host(
    context, 'entry("web", "b", [], { env: async ({ entry, slot }) => ({ NAME: entry, PORT: String(base + slot), NONE: undefined }) })',
    'import { basename } from "node:path";\nconst base = basename(import.meta.url).length;',
  );
  assert.deepEqual(await functions.env("web", 2), { NAME: "web", PORT: "11" });
  const [web] = configuration.entries;
  assert.ok(web);
  assert.deepEqual(await makeEnvironment({ ...web, inheritEnv: false }, 1, {}, { SENTRY_RUN: "r" }, functions), [
    "NAME=web", "PORT=10", "SENTRY_RUN=r", "SENTRY_ENTRY=web", "SENTRY_SLOT=1",
  ]);
});

test("what a function throws is a fault of that start, with its place", async (context) => {
  const { functions, fault } = await host(
    context, 'entry("bad", "b", [], { env: () => {\n throw new Error("boo"); } }), entry("good", "b", [], { env: () => ({}) })',
  );
  const [bad, good] = [fault("bad", 4), functions.env("good", 0)];
  assert.deepEqual(await bad, { step: "env", errno: "EINVAL", message: "Error: boo (sample.ts:5:8)", subject: "bad:4" });
  assert.deepEqual(await good, {});
});

test("a function that gives no texts is a fault", async (context) => {
  for (const [given, said] of [
    ["3", "`env` gave 3, not an object"], ["{ A: 1 }", "`env` gave 1 for A, not text"], ["[1]", "gave a list"],
    ['{ "A=B": "" }', "a variable named"], ['{ A: "\\0" }', "not text"],
  ] as const) {
    const { fault } = await host(context, `entry("web", "b", [], { env: () => (${given}) as never })`);
    assert.ok((await fault("web")).message.includes(said), given);
  }
});

test("a function that ends its thread fails that start; the next one has a new thread", async (context) => {
  const { functions, fault } = await host(context, `
    entry("exits", "b", [], { env: () => process.exit(3) }),
    entry("dies", "b", [], { env: () => new Promise(() => setImmediate(() => { throw new Error("late"); })) }),
    entry("good", "b", [], { env: () => ({ A: "1" }) })`);
  assert.equal((await fault("exits")).message, "the configuration's functions ended their thread");
  assert.deepEqual(await functions.env("good", 0), { A: "1" });
  assert.equal((await fault("dies")).message, "late");
  assert.deepEqual(await functions.env("good", 0), { A: "1" });
});

test("a function that never ends is given up, and the calls behind it are answered", async (context) => {
  const { functions, fault } = await host(context, `
    entry("loops", "b", [], { env: () => { for (;;); } }),
    entry("good", "b", [], { env: () => ({ A: "1" }) })`);
  const [loops, good] = [fault("loops"), functions.env("good", 0)];
  assert.deepEqual(await loops, { step: "env", errno: "ETIMEDOUT", message: "no answer within 10 s", subject: "loops:0" });
  assert.deepEqual(await good, { A: "1" });
});

test("no more than ten thousand calls wait, and closing answers them all", async (context) => {
  const { functions } = await host(context, 'entry("slow", "b", [], { env: () => new Promise<never>(() => {}) })');
  const calls = Array.from({ length: 10_001 }, (_, slot) => functions.env("slow", slot));
  const settled = Promise.allSettled(calls);
  functions.close();
  const faults = (await settled).map((one) => one.status === "rejected" && (one.reason as StartFault).fault.errno);
  assert.deepEqual([faults.filter((errno) => errno === "EINTR").length, faults[10_000]], [10_000, "EAGAIN"]);
});

test("what functions print is handed on, and not written by their thread", async (context) => {
  const { functions, printed } = await host(context, 'entry("web", "b", [], { env: () => { console.log("asked"); return {}; } })');
  await functions.env("web", 0);
  while (!printed.join("").includes("asked\n")) await new Promise(setImmediate);
});
