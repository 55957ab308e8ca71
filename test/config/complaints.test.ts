import { strict as assert } from "node:assert";
import { test } from "node:test";
import { complaint, door } from "./folder.ts";

/** What is said about an entry with these arguments, in line 3 of sample.ts. */
const aboutEntry = (args: string) => complaint(`${door}\nexport default sentry([\n  entry(${args})]);`);

test("a syntax error is told with file, line, column and excerpt", async () => {
  assert.equal(await complaint(`${door}\nlet a = foo bar;`), [
    'sample.ts:2:13: Expected ";" but found "bar"',
    "  2 | let a = foo bar;",
    "    |             ^^^",
  ].join("\n"));
});

test("a syntax error in an imported file names that file", async () => {
  assert.match(await complaint('import "./lib/a.ts";', { "lib/a.ts": "\n\nlet 1;" }), /^lib\/a\.ts:3:5: /);
});

test("an import that cannot be resolved is named, with its place", async () => {
  assert.match(await complaint('\nimport "./nope.ts";'), /^sample\.ts:2:8: Could not resolve "\.\/nope\.ts"/);
  assert.match(await complaint('\nimport "nope";'), /^sample\.ts:2:8: cannot resolve "nope": Cannot find package 'nope'/);
});

test("a file that exports no configuration says what it should export", async () => {
  for (const empty of ["", "\n\n", "export const a = 1;"]) assert.match(await complaint(empty), /sample\.ts has no default export/);
  assert.match(await complaint("export default [1];"), /the default export of .*sample\.ts is no `sentry\(\[\.\.\.\]\)`, but a list/);
  assert.match(await complaint(`${door}\nexport default entry("a", "b");`), /but an `entry\(\.\.\.\)`/);
  assert.match(await complaint(`${door}\nexport default sentry([42]);`), /number 1 of the entries is no `entry\(\.\.\.\)`, but 42 \(sample\.ts:2:16\)/);
});

test("a bad name, and one that is given twice, are told with their place", async () => {
  assert.match(await aboutEntry('"a b", "b"'), /^the name of an entry must be a letter or digit, .*\(sample\.ts:3:3\)$/);
  assert.equal(
    await complaint(`${door}\nexport default sentry([\n  entry("a", "b"),\n  entry("a", "c"),\n]);`),
    "two entries are named `a` (sample.ts:4:3)",
  );
});

test("an unknown option is refused with the nearest known one", async () => {
  assert.equal(await aboutEntry('"web", "b", [], { cuont: 3 }'), "unknown option `cuont` of entry `web` (sample.ts:3:3); did you mean `count`?");
  assert.match(await complaint(`${door}\nexport default sentry([], { htp: false });`), /unknown option `htp` \(sample\.ts:2:16\); did you mean `http`\?/);
});

test("what only makes sense together is checked together", async () => {
  assert.match(await aboutEntry('"web", "b", [], { limits: { nofile: { soft: 3, hard: 2 } } }'), /soft `limits\.nofile` of entry `web` is above/);
  assert.match(await aboutEntry('"web", "b", [], { delay: "999h" }'), /`delay` of entry `web` must be at most 24 days/);
  const options: [string, RegExp][] = [
    ['backoff: { max: "999h" }', /^option `backoff\.max` of entry `web` must be at most 24 days \(sample\.ts:3:3\)$/],
    ['delay: "2m", backoff: {}', /^option `backoff\.max` of entry `web` is 60000 ms, less than the `delay` of 120000 ms \(/],
    ['backoff: { resetAfter: "999h" }', /`backoff\.resetAfter` of entry `web` must be at most 24 days/],
    ['limit: { count: 1, within: 0 }', /`limit\.within` of entry `web` must be more than 0/],
    ['limit: { count: 1, within: "999h" }', /`limit\.within` of entry `web` must be at most 24 days/],
    ['stop: { grace: "999h" }', /`stop\.grace` of entry `web` must be at most 24 days/],
    ['stop: { signal: "SIGSTOP" }', /^option `stop\.signal` of entry `web` is SIGSTOP, which ends no process \(sample\.ts:3:3\)$/],
    ['stop: { signal: "SIGCONT" }', /is SIGCONT, which ends no process/],
    ['daemon: true, ready: { timeout: 0 }', /`ready\.timeout` of entry `web` must be more than 0/],
    ['daemon: true, ready: { timeout: "999h" }', /`ready\.timeout` of entry `web` must be at most 24 days/],
    ['count: 2, daemon: { pidFile: "web.pid" }', /^option `daemon\.pidFile` of entry `web` must have `\{slot\}` in it: each of its 2 processes writes one of its own \(/],
  ];
  for (const [given, said] of options) assert.match(await aboutEntry(`"web", "b", [], { ${given} }`), said, given);
  const addresses = [
    "host", "host:", "::1:80", "localhost:0", "localhost:65536", "99999",
    "foo:99", "example.com:8447", "999.1.1.1:8447", "1.2.3:8447", "[::1%lo]:8447", "[fe80::1]:8447",
  ];
  for (const address of addresses) {
    assert.match(await aboutEntry(`"web", "b", [], { listen: "${address}" }`), /option `listen` of entry `web` is ".*", and no port/, address);
  }
  for (const path of [`/run/${"folder/".repeat(20)}${"x".repeat(86)}`, `/${"x".repeat(107)}`, `/${"folder/".repeat(600)}x`]) {
    assert.match(await aboutEntry(`"web", "b", [], { listen: "${path}" }`), /option `listen` of entry `web` is ".*", which is too long/, path);
  }
});

test("a wrong option is told with entry, option, file and line", async () => {
  assert.equal(
    await aboutEntry('"web", "b", [], { restart: "no" }'),
    'option `restart` of entry `web` must be "always" or "on-failure" or "never", not "no" (sample.ts:3:3)',
  );
  assert.equal(
    await aboutEntry('"web", "b", [], 1, 2, { successCodes: [0, 300] }'),
    "option `successCodes` of entry `web`: number 2 must be a whole number from 0 to 255, not 300 (sample.ts:3:3)",
  );
  assert.equal(
    await aboutEntry('"web", "b", [], { backoff: { factor: Infinity } }'),
    "option `backoff.factor` of entry `web` must be a number from 1, not Infinity (sample.ts:3:3)",
  );
  assert.equal(
    await aboutEntry('"web", "b", [], { cgroup: {} }'), "option `cgroup` of entry `web` is not built in this version (sample.ts:3:3)",
  );
});

test("what is given twice is refused, and so is more than there is room for", async () => {
  assert.equal(await aboutEntry('"web", "b", [], 1, 2, { delay: 3 }'), "`delay` of entry `web` is given twice (sample.ts:3:3)");
  assert.equal(await aboutEntry('"web", "b", [], 1, 2, { count: 2 }'), "`count` of entry `web` is given twice (sample.ts:3:3)");
  assert.equal(
    await aboutEntry('"web", "b", [], 1, 2, { restart: "never", count: 2 }'), "`count` of entry `web` is given twice (sample.ts:3:3)",
  );
  assert.match(await aboutEntry('"web", "b", [], 1, 2, 3'), /has more arguments than `entry` takes/);
});

test("the place is that of the call, also in an imported file", async () => {
  const others = { "lib/web.ts": `${door}\nexport const web = (name: string) =>\n  entry(name, "b", [], -1, 1);` };
  assert.match(await complaint(`${door}\nimport { web } from "./lib/web.ts";\nexport default sentry([web("w")]);`, others), /\(lib\/web\.ts:3:3\)$/);
});

test("a program that throws is told with what it threw, and where", async () => {
  assert.match(
    await complaint("function inner(): never {\n  throw new TypeError('boo');\n}\n\ninner();"),
    /sample\.ts threw TypeError: boo \(sample\.ts:2:9\)\n {2}from sample\.ts:5:1$/,
  );
  assert.match(await complaint("throw 'text';"), /sample\.ts threw "text"$/);
  assert.match(await complaint("setTimeout(() => { throw new Error('late'); });\nawait new Promise(() => setInterval(() => {}, 1000));"), /threw Error: late \(sample\.ts:1:26\)/);
  assert.match(await complaint("void Promise.reject(new Error('lost'));\nawait new Promise(() => setInterval(() => {}, 1000));"), /threw Error: lost/);
});

test("a program that ends its process, is killed, or waits for nothing is told so", async () => {
  assert.match(await complaint("\nprocess.exit(3);"), /sample\.ts called process\.exit\(3\) \(sample\.ts:2:9\)$/);
  assert.match(await complaint("process.kill(process.pid, 'SIGKILL'); await new Promise(() => setInterval(() => {}, 1000));"), /ended by SIGKILL$/);
  assert.match(await complaint("await new Promise(() => {});"), /a top-level await waits for what never happens$/);
});

test("a program that never ends is killed after its time", async () => {
  assert.match(await complaint("for (;;);"), /sample\.ts did not finish loading within 10 s$/);
});

test("what the program itself writes to descriptor 3 is no configuration", async () => {
  for (const line of ["{}", '"x"', "null", "[]", '{"configuration":{}}', "nonsense"]) {
    const told = await complaint(`import { writeSync } from "node:fs";\nwriteSync(3, ${JSON.stringify(`${line}\n`)});\nfor (;;);`);
    assert.match(told, /wrote to descriptor 3, which is Sentry's/);
  }
});
