/** `sentry logs` of files that Sentry itself rotates: what is there, and what comes, over rotations, compression and reloads. */
import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { suite, test } from "node:test";

import { Site } from "../support/site.ts";
import { until } from "../support/until.ts";

const shell = (name: string, script: string, more: object): string =>
  `entry("${name}", "sh", ["-c", ${JSON.stringify(script)}], ${JSON.stringify(more)})`;

/** Prints 1000 numbered lines each time that it is signalled. */
const chatty = "n=0; trap 'for i in $(seq 1000); do n=$((n+1)); echo line $n of a program that has much to say; done' USR1; echo ready; while :; do sleep 0.01; done";

const numbersIn = (lines: readonly string[]): number[] => lines.flatMap((line) => Number(/line (\d+) of/.exec(line)?.[1] ?? NaN) || []);

const upTo = (count: number, from = 0): number[] => Array.from({ length: count }, (_, n) => from + n + 1);

async function begin(site: Site): Promise<void> {
  assert.equal((await site.sentry(["start", "-d", "sample.ts"])).code, 0);
}

const logs = (site: Site, ...words: string[]) => site.sentry(["logs", "-c", "sample.ts", ...words]);

suite("sentry logs of rotated files", { concurrency: 2 }, () => {
  for (const format of ["raw", "prefixed", "json"] as const) {
    test(`has every line once, over all files and over a reload: ${format}`, async (t) => {
      const site = new Site(t);
      site.config(shell("web", chatty, { log: { file: "web.log", maxSize: "64K", keep: 50, compress: format !== "raw", format } }));
      await begin(site);
      await until("it is ready", async () => (await logs(site, "web")).stdout.includes("ready"));
      const follower = site.open(process.execPath, site.command("logs", "-f", "web", "-n", "0", "-c", "sample.ts").slice(1));
      const signal = async () => assert.equal((await site.sentry(["signal", "web:0", "USR1", "-c", "sample.ts"])).code, 0);
      await until("it follows", async () => {
        await signal();
        return numbersIn(follower.lines).length > 0;
      });
      assert.equal((await site.sentry(["reload", "sample.ts"])).code, 0);
      for (let n = 0; n < 3; n++) await signal();
      await until("all is printed", async () => numbersIn((await logs(site, "web", "-n", "1")).stdout.split("\n")).some((n) => n % 1000 === 0 && n >= 2000));
      const all = numbersIn((await logs(site, "web", "-n", "10000")).stdout.split("\n"));
      assert.deepEqual(all.slice(0, 2000), upTo(2000));
      assert.equal(new Set(all).size, all.length);
      const followed = await until("it has been told as well", () => {
        const numbers = numbersIn(follower.lines);
        return numbers.at(-1)! >= all.at(-1)! ? numbers : null;
      });
      assert.deepEqual(followed, upTo(followed.length, followed[0]! - 1));
      assert.ok(existsSync(site.path("web.log.1")) || existsSync(site.path("web.log.1.gz")));
      if (format !== "raw") await until("old ones are compressed", () => readdirSync(site.path(".")).some((name) => name.endsWith(".gz")));
      assert.equal((await site.sentry(["stop", "sample.ts"])).code, 0);
      assert.deepEqual([await follower.ended, follower.stderr], [{ code: 0, signal: null }, ""]);
    });
  }

  test("lines of a file in JSON are shown with labels, and with --json as the objects that they are", async (t) => {
    const site = new Site(t);
    site.config(shell("web", "echo out; echo err >&2; printf 'odd\\377\\n'; exec sleep 1000", { log: { file: "web.log", format: "json" } }));
    await begin(site);
    const { stdout } = await until("all is there", async () => {
      const answer = await logs(site, "web");
      return answer.stdout.includes("odd") && answer.stdout.includes("err") ? answer : null;
    });
    for (const line of [/^\d\d:\d\d:\d\d web\.\d+ +out$/m, /^\d\d:\d\d:\d\d web\.\d+\/err +err$/m, /^\d\d:\d\d:\d\d web\.\d+ +odd\ufffd$/m]) {
      assert.match(stdout, line);
    }
    const objects = JSON.parse((await logs(site, "web", "--json")).stdout) as { entry: string; stream: string; text?: string; base64?: string }[];
    assert.deepEqual(objects.map(({ text, base64 }) => text ?? base64).sort(), [Buffer.from("odd\xff", "latin1").toString("base64"), "err", "out"].sort());
    assert.deepEqual(objects.find(({ text }) => text === "err")?.stream, "stderr");
    assert.equal((await site.sentry(["stop", "sample.ts"])).code, 0);
  });

  test("an entry with a file for each slot is shown as one, and a slot that comes later is followed too", async (t) => {
    const site = new Site(t);
    site.config(shell("web", "echo slot $SENTRY_SLOT; exec sleep 1000", { count: 2, log: { file: "{slot}.log", format: "prefixed" } }));
    await begin(site);
    await until("both have printed", async () => (await logs(site, "web")).stdout.split("\n").length === 3);
    const follower = site.open(process.execPath, site.command("logs", "-f", "web", "-c", "sample.ts").slice(1));
    await follower.line(/slot 0$/);
    await follower.line(/slot 1$/);
    assert.equal((await site.sentry(["scale", "web", "3", "-c", "sample.ts"])).code, 0);
    await follower.line(/slot 2$/);
    assert.equal((await logs(site, "web")).stdout.split("\n").length, 4);
    assert.equal((await site.sentry(["stop", "sample.ts"])).code, 0);
    assert.deepEqual([await follower.ended, follower.stderr], [{ code: 0, signal: null }, ""]);
    assert.equal(follower.lines.length, 3);
  });

  test("an entry of which nothing is kept says so and why; among all of them it is left out", async (t) => {
    const site = new Site(t);
    const kept = shell("db", "echo hello; exec sleep 1000", {});
    site.config(`${shell("web", "echo lost; exec sleep 1000", { log: "none" })}, ${kept}`);
    await begin(site);
    const answer = { code: 1, stdout: "", stderr: 'sentry: the output of `web` is thrown away: its option `log` is "none"\n' };
    for (const words of [["web"], ["web", "-f"]]) {
      const { code, stdout, stderr } = await logs(site, ...words);
      assert.deepEqual({ code, stdout, stderr }, answer);
    }
    await until("the other has printed", async () => /hello/.test((await logs(site)).stdout));
    assert.equal((await site.sentry(["stop", "sample.ts"])).code, 0);
  });
});
