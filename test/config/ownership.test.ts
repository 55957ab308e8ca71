import { strict as assert } from "node:assert";
import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { loadConfig } from "../../src/config/load.ts";
import { door, inFolder } from "./folder.ts";

const asRoot = { skip: process.geteuid?.() === 0 ? false : "only root is this careful" };
const files = {
  "conf/sample.ts": `${door}\nimport { name } from "fleet";\nimport { args } from "./lib/args.ts";\nexport default sentry([entry(name, "b", args)]);`,
  "conf/lib/args.ts": "export const args = ['x'];",
  "conf/node_modules/fleet/package.json": '{ "name": "fleet", "type": "module", "exports": "./main.js" }',
  "conf/node_modules/fleet/main.js": 'import "./inner.js"; export const name = "fleet";',
  "conf/node_modules/fleet/inner.js": "",
};
const nobody = 65_534;

/** What root is told after `change` was done to a configuration that is all right. */
function after(change: (folder: string) => void): Promise<string> {
  return inFolder(files, (folder) => {
    change(folder);
    return loadConfig(join(folder, "conf/sample.ts")).then(() => "loaded", (error: Error) => error.message.replace(folder, ""));
  });
}

test("root uses a configuration that is its own, also in a folder of its own below a sticky one", asRoot, async () => {
  assert.equal(await after(() => undefined), "loaded");
  assert.equal(await after((folder) => chmodSync(folder, 0o1777)), "loaded");
});

test("root refuses what belongs to somebody else, or can be changed by others, and names it", asRoot, async () => {
  for (const path of ["conf/sample.ts", "conf/lib/args.ts", "conf/node_modules/fleet/main.js", "conf/node_modules/fleet/inner.js", "conf", "conf/lib", ""]) {
    const named = `/${path}`.replace(/\/$/, "");
    assert.equal(
      await after((folder) => chownSync(join(folder, path), nobody, 0)),
      `${named} belongs to user ${nobody}; as root, Sentry uses only what belongs to root`,
    );
    assert.equal(
      await after((folder) => chmodSync(join(folder, path), 0o775)),
      `${named} can be written to by others than root; as root, Sentry does not use it (chmod go-w)`,
    );
  }
});

test("root refuses a configuration that lies in a sticky folder itself", asRoot, async () => {
  assert.match(await after((folder) => chmodSync(join(folder, "conf"), 0o1777)), /^\/conf can be written to by others/);
});

/** What root is told of a configuration that imports a file by its URL, where `change` was done to what that imports. */
function afterUrl(importing: (url: string) => string, change: (imported: string) => void): Promise<string> {
  return after((folder) => {
    const [first, second] = ["first.mjs", "second.mjs"].map((name) => join(folder, "conf/lib", name)) as [string, string];
    writeFileSync(first, 'export { name } from "./second.mjs";');
    writeFileSync(second, 'export const name = "second";');
    const program = `const { name } = { ...first };\nexport default sentry([entry(name ?? "missing", "b")]);`;
    writeFileSync(join(folder, "conf/sample.ts"), `${door}\n${importing(pathToFileURL(first).href)}\n${program}`);
    change(second);
  });
}

test("root looks as well at what is imported by its URL", asRoot, async () => {
  for (const importing of [
    (url: string) => `import * as first from "${url}";`,
    (url: string) => `const first = await import("${url}");`,
  ]) {
    assert.equal(await afterUrl(importing, () => undefined), "loaded");
    assert.equal(
      await afterUrl(importing, (imported) => chmodSync(imported, 0o666)),
      "/conf/lib/second.mjs can be written to by others than root; as root, Sentry does not use it (chmod go-w)",
    );
  }
});

test("an ordinary user may use what is lying about, but needs to be able to read it", asRoot, async () => {
  await inFolder(files, (folder) => {
    chmodSync(folder, 0o777);
    const program = `import { loadConfig } from ${JSON.stringify(new URL("../../src/config/load.js", import.meta.url).href)};
      await loadConfig(process.argv[1]).then(() => console.log("loaded"), (error) => console.log(error.message));`;
    const run = () => spawnSync(process.execPath, ["--input-type=module", "-e", program, join(folder, "conf/sample.ts")], {
      uid: nobody, gid: nobody, encoding: "utf8", env: { PATH: process.env["PATH"] },
    }).stdout;
    assert.equal(run(), "loaded\n");
    chmodSync(join(folder, "conf/sample.ts"), 0o600);
    assert.match(run(), /EACCES: permission denied.*sample\.ts/);
  });
});
