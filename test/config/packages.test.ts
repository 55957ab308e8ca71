import { strict as assert } from "node:assert";
import { symlinkSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { loadConfig } from "../../src/config/load.ts";
import { complaint, door, inFolder, load } from "./folder.ts";

const importOnly = {
  "node_modules/fleet/package.json": '{ "name": "fleet", "type": "module", "exports": { ".": { "import": "./main.js" } } }',
  "node_modules/fleet/main.js": 'import { size } from "deep"; export const name = "fleet" + size;',
  "node_modules/deep/package.json": '{ "name": "deep", "type": "module", "exports": { "import": "./d.js" } }',
  "node_modules/deep/d.js": "export const size = 7;",
};

test("a package that can only be imported is found beside the configuration", async () => {
  const { entries } = await load(`${door}\nimport { name } from "fleet";\nexport default sentry([entry(name, "b")]);`, importOnly);
  assert.equal(entries[0]?.law.name, "fleet7");
});

test("each file gets the package that Node would give it", async () => {
  const { entries } = await load(`${door}
    import { name } from "fleet";
    import { inner } from "./sub/a.ts";
    export default sentry([entry(name, "b"), entry(inner, "b")]);`, {
    ...importOnly,
    "sub/a.ts": 'export { name as inner } from "fleet";',
    "sub/node_modules/fleet/package.json": '{ "name": "fleet", "type": "module", "exports": "./main.js" }',
    "sub/node_modules/fleet/main.js": 'export const name = "inner";',
  });
  assert.deepEqual(entries.map(({ law }) => law.name), ["fleet7", "inner"]);
});

test("a CommonJS package is what it would be in Node", async () => {
  const { entries } = await load(`${door}\nimport old, { second } from "old";\nexport default sentry([entry(old.first, second)]);`, {
    "node_modules/old/package.json": '{ "name": "old", "main": "old.js" }',
    "node_modules/old/old.js": 'exports.first = require("node:path").basename(__dirname); exports.second = "two";',
  });
  assert.equal(entries[0]?.law.name, "old");
  assert.equal(entries[0].command, "two");
});

test("a package that shares entries understands the same `sentryd`", async () => {
  const { entries } = await load(`${door}\nimport { web } from "shared";\nexport default sentry([web]);`, {
    "node_modules/shared/package.json": '{ "name": "shared", "type": "module", "exports": "./s.js" }',
    "node_modules/shared/s.js": 'import { entry } from "sentryd"; export const web = entry("web", "b");',
    "node_modules/sentryd/package.json": '{ "name": "sentryd", "type": "module", "exports": "./index.js" }',
    "node_modules/sentryd/index.js":
      'const mark = Symbol.for("sentryd.program"); export const entry = (...given) => ({ [mark]: "entry", given, place: {} });',
  });
  assert.equal(entries[0]?.law.name, "web");
});

test("a package that is missing can be done without where the program says so", async () => {
  const { entries } = await load(`${door}
    const name = await import("nope").then(() => "there", () => "missing");
    export default sentry([entry(name, "b")]);`);
  assert.equal(entries[0]?.law.name, "missing");
});

test("a file that is not there when the configuration is compiled is not imported by its URL later", async () => {
  await inFolder({}, async (folder) => {
    const late = join(folder, "late.mjs");
    const url = pathToFileURL(late).href;
    const using = (importing: string) => load(`${door}\nimport { writeFileSync } from "node:fs";\n${importing}`);
    const { entries } = await using(`
      writeFileSync(${JSON.stringify(late)}, "");
      const name = await import("${url}").then(() => "there", () => "missing");
      export default sentry([entry(name, "b")]);`);
    assert.equal(entries[0]?.law.name, "missing");
    unlinkSync(late);
    await assert.rejects(using(`import "${url}";`), /cannot resolve "file:.*ENOENT/);
  });
});

test("with and without packages, each file knows where it is itself", async () => {
  const lib = { "lib/where.ts": "export const where = [import.meta.url, import.meta.filename, import.meta.dirname];" };
  for (const [more, files] of [["", {}], ['import "fleet";', importOnly]] as const) {
    await inFolder({
      ...lib, ...files,
      "sample.ts": `${door}${more}\nimport { where } from "./lib/where.ts";\nexport default sentry([entry("a", import.meta.url, where)]);`,
    }, async (folder) => {
      const { entries: [entry] } = await loadConfig(join(folder, "sample.ts"));
      assert.equal(entry?.command, `file://${folder}/sample.ts`);
      assert.deepEqual(entry.args, [`file://${folder}/lib/where.ts`, `${folder}/lib/where.ts`, `${folder}/lib`]);
    });
  }
});

test("an error in a package is told without the program's text for a name", async () => {
  const message = await complaint('import { nope } from "fleet";\nnope();', importOnly);
  assert.match(message, /does not provide an export named 'nope'/);
  assert.doesNotMatch(message, /data:/);
});

test("a configuration behind a link imports what lies beside the file itself", async () => {
  await inFolder({ ...importOnly, "sample.ts": `${door}\nimport { name } from "fleet";\nexport default sentry([entry(name, "b")]);` }, async (folder) => {
    await inFolder({}, async (elsewhere) => {
      symlinkSync(join(folder, "sample.ts"), join(elsewhere, "link.ts"));
      const { findConfig } = await import("../../src/config/find.ts");
      const path = findConfig("./link.ts", "/nowhere", elsewhere);
      assert.equal(path, join(folder, "sample.ts"));
      assert.equal((await loadConfig(path)).entries[0]?.law.name, "fleet7");
    });
  });
});
