/**
 * Environment variables of processes hold secrets. Wherever they come from, and whatever is asked and goes wrong: no answer,
 * no line, no file and no error has them.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";

import { history } from "../support/shown.ts";
import { Site } from "../support/site.ts";
import type { Result } from "../support/site.ts";
import { asJson, ask, bearing, freePort, tokenOf } from "../support/tcp.ts";
import { until } from "../support/until.ts";
import { Wire } from "../http/wire.ts";

/** In the value of each variable. */
const MARK = "hush";

const inherited = { INHERITED: "hush-inherited" };

/** Each way by which a process gets a variable, and starts that fail; `word` is in each value, so that another changes them. */
const entriesWith = (word: string): string => [
  `entry("option", "sleep", ["1000"], { env: { PASSWORD: "hush-${word}-option" } })`,
  `entry("file", "sleep", ["1000"], { envFile: "./secrets", env: { MORE: "hush-${word}" } })`,
  `entry("made", "sleep", ["1000"], { env: ({ slot }) => ({ TOKEN: ["hu", "sh-${word}-", slot].join("") }) })`,
  `entry("named", "sleep", ["1000"], { inheritEnv: ["INHERITED", "TEST_SITE"], env: { A: "hush-${word}" } })`,
  `entry("missing", "./nowhere", [], { env: { PASSWORD: "hush-${word}-missing" }, delay: "1h" })`,
  `entry("torn", "sleep", ["1000"], { envFile: "./torn", env: { PASSWORD: "hush-${word}-torn" }, delay: "1h" })`,
  `entry("throws", "sleep", ["1000"], { env: () => { const word = "hu" + "sh-${word}"; throw new Error("no " + word.length); }, delay: "1h" })`,
  `entry("ends", "sh", ["-c", "exit 3"], { env: { PASSWORD: "hush-${word}-ends" }, delay: "1h" })`,
].join(",\n");

function isClean(text: string, where: string): void {
  const at = text.indexOf(MARK);
  assert.equal(at, -1, `${where}: … ${text.slice(Math.max(0, at - 200), at + 100)}`);
}

function filesAreClean(folder: string): void {
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    const path = join(folder, name);
    if (statSync(path).isFile()) isClean(readFileSync(path, "latin1"), name);
  }
}

suite("secrets in the environment of processes", { concurrency: 2 }, () => {
  for (const detached of [false, true]) {
    test(`come to light nowhere${detached ? ", detached" : ""}`, async (t) => {
      const site = new Site(t);
      const port = await freePort();
      const configured = (word: string) => site.config(entriesWith(word), "sample.ts", `{ http: "127.0.0.1:${port}" }`);
      site.write("secrets", "# a comment\nFROM_FILE=hush-file\n");
      site.write("torn", "RIGHT=hush-right\nWRONG=hush\0nul\n");
      configured("first");
      const does = async (...words: string[]): Promise<Result> => {
        const result = await site.sentry([...words, "-c", "sample.ts"], { env: inherited });
        isClean(result.stdout + result.stderr, `sentry ${words.join(" ")}`);
        return result;
      };
      const sentry = site.start(["start", "sample.ts", ...detached ? ["--detach"] : []], { env: inherited });
      if (detached) assert.equal((await sentry.ended).code, 0, sentry.stderr);
      const pids = await until("all that can run runs", async () => {
        const { body } = await site.get("/processes").catch(() => ({ body: [] }));
        const found = new Map((body as { entry: string; pid: number | null }[]).map(({ entry, pid }) => [entry, pid]));
        return ["option", "file", "made", "named"].every((entry) => typeof found.get(entry) === "number") && found;
      });
      await until("the others have failed", () => history(site, "fault").length === 3 && history(site, "exited").length === 1);
      for (const [entry, value] of [
        ["option", "hush-first-option"], ["option", "hush-inherited"], ["file", "hush-file"], ["made", "hush-first-0"], ["named", "hush-inherited"],
      ] as const) {
        assert.ok(readFileSync(`/proc/${pids.get(entry)}/environ`, "utf8").includes(value), `${entry} has it: else nothing is shown here`);
      }

      const events = new Wire(t, site.path("sample.run/socket")).write("GET /events HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: 0\r\n\r\n");
      const verbs = async (...json: string[]): Promise<void> => {
        for (const words of [["status"], ["plan"], ["check"], ["events", "-n", "1000"], ["logs"], ["logs", "option"], ["start"],
          ...["option", "file", "made", "named", "missing", "torn", "throws", "ends"].map((entry) => ["why", entry]),
          ["why", "nobody"], ["scale", "option", "-1"], ["signal", "option", "NOSIGNAL"], ["restart", "torn"], ["up", "throws"], ["signal", "made", "CONT"]]) {
          await does(...words, ...json);
        }
      };
      const answers = async (): Promise<void> => {
        const headers = bearing(tokenOf(site));
        const post = { method: "POST", headers };
        const json = (body: string, method = "POST") => ({ method, headers: { ...headers, ...asJson }, body });
        for (const [path, asked] of [
          ...["/health", "/ready", "/processes", "/processes/option:0", `/processes/${pids.get("made")}`, "/entries", "/history?limit=1000", "/metrics", "/types",
            "/openapi.json", ...["option", "file", "made", "torn"].flatMap((name) => [`/entries/${name}`, `/entries/${name}/logs`]),
            "/nowhere", "/entries/nobody", "/processes/option:9"].map((path) => [path, { headers }] as const),
          ["/plan", post], ["/reload-logs", post], ["/entries/option/up", post], ["/entries/missing/restart", post], ["/entries/torn/restart", post],
          ["/entries/option", json('{"count":-1}', "PATCH")], ["/entries/option", json('{"count":', "PATCH")], ["/entries/option", json('{"env":1}', "PATCH")],
          ["/entries/option/signal", json('{"signal":"SIGHUSH"}')], ["/type/option", post],
        ] as const) {
          const { text, headers } = await ask(port, path, asked);
          isClean(text + JSON.stringify(headers), path);
        }
      };
      await verbs();
      await answers();
      filesAreClean(site.path("sample.run"));

      configured("second");
      const plan = await does("plan");
      assert.match(plan.stdout, /^option +replaced +environment: PASSWORD$/m, "it is seen that it is another");
      assert.equal((await does("reload")).code, 0);
      filesAreClean(site.path("sample.run"));
      await until("those that are replaced run again", () => history(site, "started").length >= 9);
      await verbs("--json");
      for (const wrong of ['{ cuont: 2, env: { PASSWORD: "hush-wrong" } }', '{ env: "hush-wrong" }', '{ env: { PASSWORD: "hush-wrong" } count: 2 }']) {
        site.config(`${entriesWith("third")}, entry("wrong", "sleep", [], ${wrong})`, "sample.ts", "{ http: false }");
        assert.equal((await does("reload")).code, 7);
        const { status, text } = await ask(port, "/plan", { method: "POST", headers: bearing(tokenOf(site)) });
        assert.equal(status, 422);
        isClean(text, "POST /plan");
      }
      configured("second");

      const { pid } = JSON.parse(readFileSync(site.path("sample.run/state"), "utf8")) as { pid: number };
      process.kill(pid, "SIGKILL");
      await events.closed;
      assert.match(events.got, /^event: exited\r?$/m);
      isClean(events.got, "GET /events");
      const next = site.start(["start", "sample.ts", ...detached ? ["--detach"] : []], { env: inherited });
      if (detached) assert.equal((await next.ended).code, 0, next.stderr);
      else await next.line(/^Sentry took over \d process/);
      await does("status");
      assert.equal((await does("stop")).code, 0);
      await Promise.all([sentry.ended, next.ended]);
      await site.nobodyLeft();
      for (const each of [sentry, next]) isClean([...each.lines, each.stderr].join("\n"), "the transcript");
      filesAreClean(site.path("sample.run"));
    });
  }

  const mistakes: Record<string, string> = {
    "is a list": '{ env: ["hush-list"] }',
    "is a text": '{ env: "PASSWORD=hush-text" }',
    "has a number": '{ env: { PASSWORD: 123, OTHER: "hush-other" } }',
    "has a NUL": '{ env: { PASSWORD: "hush\\0nul" } }',
    "has a name that is none": '{ env: { "A=hush-name": "hush-value" } }',
    "has a value that is a list": '{ env: { PASSWORD: ["hush-value"] } }',
    "stands beside a mistake": '{ env: { PASSWORD: "hush-value" }, cuont: 3 }',
  };
  for (const [what, options] of Object.entries(mistakes)) {
    test(`are not in the error of a configuration whose env ${what}`, async (t) => {
      const site = new Site(t);
      site.config(`entry("web", "sleep", ["1000"], ${options})`);
      for (const verb of ["check", "start"]) {
        const { code, stdout, stderr } = await site.sentry([verb, "sample.ts"], { env: inherited });
        assert.deepEqual([code, stdout], [7, ""], stderr);
        assert.match(stderr, /web/);
        isClean(stderr, verb);
      }
    });
  }

  test("are not in the error of a configuration that does not compile, or throws, on the same line", async (t) => {
    const site = new Site(t);
    for (const line of [
      'entry("web", "sleep", ["1000"], { env: { PASSWORD: "hush-syntax" } cuont: 3 })',
      'entry("web", "sleep", ["1000"], { env: { PASSWORD: "hush\\"-no-end } })',
      'entry("web", "sleep", ["1000"], { env: { PASSWORD: "hush-throws", OTHER: notThere } })',
      'entry("web", "sleep", ["1000"], { env: { PASSWORD: "hush-throws", OTHER: (() => { throw new Error("no"); })() } })',
    ]) {
      site.config(line);
      for (const verb of ["check", "start"]) {
        const { code, stdout, stderr } = await site.sentry([verb, "sample.ts"], { env: inherited });
        assert.deepEqual([code, stdout], [7, ""], stderr);
        isClean(stderr, line);
      }
    }
  });
});
