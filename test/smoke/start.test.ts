/** The whole of Sentry once, with whichever Node runs this: from the command to a first start and exit. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

const cli = join(import.meta.dirname, "../../../dist/cli.js");

test(`sentry start keeps a program running on Node ${process.versions.node}`, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "smoke-"));
  t.after(() => { rmSync(folder, { recursive: true }); });
  writeFileSync(join(folder, "sample.ts"), [
    'import { entry, sentry } from "sentryd";',
    'export default sentry([entry("dummy", "sh", ["-c", "echo a line; exit 3"], 10, 1)], { http: false });',
  ].join("\n"));
  const sentry = spawn(process.execPath, [cli, "start", "sample.ts"], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  t.after(() => sentry.kill("SIGKILL"));
  let told = "";
  let complaints = "";
  const life = String.raw`dummy\.\d+ +Started at \d+\.\n\S+ dummy\.\d+ +a line\n\S+ dummy\.\d+ +Exited at \d+ with ExitFailure 3\.\n`;
  sentry.stderr.on("data", (data: Buffer) => { complaints += data.toString(); });
  let stopped = false;
  sentry.stdout.on("data", (data: Buffer) => {
    told += data.toString();
    // Once: a second signal may come when Node has none of its handlers left.
    if (!stopped && new RegExp(`${life}[^]*${life}`).test(told)) stopped = sentry.kill("SIGTERM");
  });
  const [code] = await once(sentry, "close") as [number | null];
  assert.equal(code, 0, told + complaints);
  assert.match(told, new RegExp(life));
  assert.match(told, /Bye\.\n$/);
});
