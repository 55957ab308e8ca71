/** `sentry plan` prints exactly what a reload then does. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { suite, test } from "node:test";

import { history, pids, processes } from "../support/shown.ts";
import { Site } from "../support/site.ts";
import { until } from "../support/until.ts";

interface Change { readonly entry: string; readonly change: string; readonly because: readonly string[] }

const run = (name: string, more: string, seconds = 1000): string => `entry(${JSON.stringify(name)}, "sleep", ["${seconds}"], ${more})`;

/** One configuration after the other, and what changes from each to the next. */
const steps: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ["nothing changes", [run("web", "{ count: 2 }"), run("db", "{}")], ["web unchanged", "db unchanged"]],
  ["a delay", [run("web", "{ count: 2, delay: 20 }"), run("db", "{}")], ["web inPlace: delay 1000 ms → 20 ms", "db unchanged"]],
  ["the order", [run("db", "{}"), run("web", "{ count: 2, delay: 20 }")], ["db unchanged", "web unchanged"]],
  ["more of them", [run("web", "{ count: 4, delay: 20 }"), run("db", "{}")], ["web inPlace: count 2 → 4", "db unchanged"]],
  ["fewer of them", [run("web", "{ count: 1, delay: 20 }"), run("db", "{}")], ["web inPlace: count 4 → 1", "db unchanged"]],
  ["arguments", [run("web", "{ count: 1, delay: 20 }", 2000), run("db", "{}")], ['web replaced: args ["1000"] → ["2000"]', "db unchanged"]],
  ["arguments, and more of them", [run("web", "{ count: 2, delay: 20 }"), run("db", "{}")],
    ['web replaced: args ["2000"] → ["1000"], count 1 → 2', "db unchanged"]],
  ["a variable", [run("web", "{ count: 2, delay: 20 }"), run("db", '{ env: { SECRET: "hush" } }')],
    ["web unchanged", "db replaced: environment: SECRET"]],
  ["what is run", [run("web", "{ count: 2, delay: 20 }"), 'entry("db", "tail", ["-f", "/dev/null"])'],
    ["web unchanged", 'db replaced: command sleep → tail, args ["1000"] → ["-f","/dev/null"], environment: SECRET']],
  ["one more entry, and one less", [run("web", "{ count: 2, delay: 20 }"), run("new", "{}")],
    ["web unchanged", "new added", "db removed"]],
  ["a name", [run("site", "{ count: 2, delay: 20 }"), run("new", "{}")], ["site added", "new unchanged", "web removed"]],
  ["none of them", [], ["site removed", "new removed"]],
];

/** What became of an entry's processes, in the words of a plan. */
function became(entry: string, before: ReadonlyMap<string, number | null>, after: ReadonlyMap<string, number | null>): string {
  const of = (all: ReadonlyMap<string, number | null>) => [...all].filter(([id]) => id.startsWith(`${entry}:`));
  const [old, now] = [of(before), of(after)];
  if (old.length === 0) return "added";
  if (now.length === 0) return "removed";
  const kept = now.filter(([id, pid]) => before.get(id) === pid).length;
  if (kept === Math.min(old.length, now.length)) return "kept";
  return kept === 0 ? "replaced" : `kept only ${kept}`;
}

suite("a plan", { concurrency: 2 }, () => {
  test("is what the reload after it does to each process, for each kind of change", async (t) => {
    const site = new Site(t);
    site.config([run("web", "{ count: 2 }"), run("db", "{}")].join());
    const sentry = site.start();
    await Promise.all([sentry.started("web"), sentry.started("db")]);
    for (const [what, entries, expected] of steps) {
      const before = await pids(site);
      site.config(entries.join());
      const { code, stdout, stderr } = await site.sentry(["plan", "--json", "sample.ts"]);
      assert.equal(code, 0, `${what}: ${stderr}`);
      const plan = JSON.parse(stdout) as Change[];
      const told = plan.map(({ entry, change, because }) => `${entry} ${change}${because.length === 0 ? "" : `: ${because.join(", ")}`}`);
      assert.deepEqual(told, expected, what);
      assert.deepEqual(await pids(site), before, `${what}: a plan does nothing`);

      const { length } = history(site);
      assert.equal((await site.sentry(["reload", "sample.ts"])).code, 0);
      const counts = new Map(entries.map((entry) => [/"(\w+)"/.exec(entry)?.[1] ?? "", Number(/count: (\d)/.exec(entry)?.[1] ?? 1)]));
      const wanted = [...counts].flatMap(([name, count]) => Array.from({ length: count }, (_, n) => `${name}:${n}`));
      const after = await until(`${what}: all is as it is configured`, async () => {
        const shown = await processes(site);
        return shown.map(({ id }) => id).join() === wanted.join() && shown.every(({ state, pid }) =>
          state === "running" && !history(site, "stopping").slice(-8).some((one) => one.pid === pid)) && pids(site);
      }, () => sentry.lines.slice(-8).join("\n"));
      for (const { entry, change } of plan) {
        const expectedOf = change === "unchanged" || change === "inPlace" ? "kept" : change;
        assert.equal(became(entry, before, after), expectedOf, `${what}: ${entry}`);
      }
      // What was left alone has no record at all.
      const touched = new Set(history(site).slice(length).map(({ entry }) => entry));
      for (const { entry } of plan.filter(({ change }) => change === "unchanged")) assert.ok(!touched.has(entry), `${what}: ${entry}`);
    }
    await sentry.stop();
  });

  test("shows what was scaled and down, and that it holds until the configuration changes the count", async (t) => {
    const site = new Site(t);
    site.config([run("web", "{ count: 2 }"), run("db", "{ count: 2 }")].join());
    const sentry = site.start();
    for (let n = 0; n < 2; n++) await Promise.all([sentry.started("web"), sentry.started("db")]);
    for (const words of [["scale", "web", "3"], ["down", "db:1"]]) {
      assert.equal((await site.sentry([...words, "-c", "sample.ts"])).code, 0);
    }
    await sentry.started("web");
    const { stdout } = await site.sentry(["plan", "sample.ts"]);
    assert.deepEqual(stdout.split("\n").map((line) => line.replace(/ {2,}/g, "|")), [
      "web|unchanged|scaled to 3 holds (count 2)", "db|unchanged|db:1 is down", "",
    ]);
    site.config([run("web", "{ count: 1 }"), run("db", "{ count: 2, delay: 7 }")].join());
    const changed = JSON.parse((await site.sentry(["plan", "--json", "sample.ts"])).stdout) as Change[];
    assert.deepEqual(changed.map(({ entry, change, because }) => [entry, change, ...because]), [
      ["web", "inPlace", "count 2 → 1", "scaled to 3 is dropped"], ["db", "inPlace", "delay 1000 ms → 7 ms", "db:1 is down"],
    ]);
    await sentry.stop();
  });

  test("does not stop others from asking meanwhile, nor a reload", async (t) => {
    const site = new Site(t);
    // Each evaluation tells that it is under way, and waits until all of them are: a plan that comes later than the reload is
    // told that there is one.
    site.write("sample.ts", [
      'import { existsSync, writeFileSync } from "node:fs";',
      'import { entry, sentry } from "sentryd";',
      `const folder = ${JSON.stringify(site.folder)};`,
      "writeFileSync(`${folder}/evaluated-${process.pid}`, \"\");",
      "while (existsSync(`${folder}/wait`) && !existsSync(`${folder}/go`)) await new Promise((done) => setTimeout(done, 10));",
      `export default sentry([${run("web", "{}")}], { http: false });`,
    ].join("\n"));
    const evaluations = (): number => readdirSync(site.folder).filter((name) => name.startsWith("evaluated-")).length;
    const sentry = site.start();
    const pid = await sentry.started("web");
    site.write("wait", "");
    const before = evaluations();
    const plans = [site.sentry(["plan", "sample.ts"]), site.sentry(["plan", "sample.ts"])];
    await until("both plans are under way", () => evaluations() === before + 2);
    const reload = site.sentry(["reload", "sample.ts"]);
    await until("the reload is under way", () => evaluations() === before + 3);
    site.write("go", "");
    const all = await Promise.all([...plans, reload]);
    assert.deepEqual(all.map(({ code, stderr }) => [code, stderr]), [[0, ""], [0, ""], [0, ""]]);
    assert.equal((await pids(site)).get("web:0"), pid);
    await sentry.stop();
  });
});
