/** `schedule`: when an entry runs, and what it is in between. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { readyBy, shell, waitFor } from "../support/order.ts";
import { history } from "../support/shown.ts";
import type { Shown } from "../support/shown.ts";
import { Site } from "../support/site.ts";
import { ask, becomes, slot, told } from "../support/slots.ts";
import { until } from "../support/until.ts";

const missedRuns = async (site: Site, id: string): Promise<number> => {
  const { body } = await site.get(`/processes/${id}`);
  return (body as { missedRuns: number }).missedRuns;
};

/** So far away that it never comes in a test. */
const FAR = "0 0 29 2 *";

suite("an entry with a schedule", { concurrency: 2 }, () => {
  test("runs when it is due, never before, and is waiting in between, with the next time", async (t) => {
    const site = new Site(t);
    site.config(`entry("job", ${shell("exit 3")}, { schedule: "*/2 * * * * *" })`);
    const sentry = site.start();
    for (let n = 0; n < 2; n++) {
      const { nextStartAt, lastExit } = await until("it waits, and says until when", async () => {
        const shown = await becomes(site, "job:0", "waiting");
        return shown.nextStartAt !== null && (shown.lastExit !== null) === n > 0 && shown;
      });
      assert.match(nextStartAt ?? "", /[02468]\.000Z$/);
      assert.equal(lastExit?.code ?? null, n === 0 ? null : 3);
      const before = history(site, "started").length;
      const started = await until("it is started", () => history(site, "started")[before]);
      assert.ok(Date.parse(started.at) >= Date.parse(nextStartAt ?? ""), `due at ${nextStartAt}, started at ${started.at}`);
    }
    await sentry.line(/job\.\d+ +Exited at \d+ with ExitFailure 3/);
    await becomes(site, "job:0", "waiting");
    const { stdout } = await site.sentry(["status", "sample.ts"]);
    assert.match(stdout, /^job:0 +waiting +- .* code 3, \S+ ago; next start in \S+$/m);
    assert.equal((await site.get("/ready")).status, 200, "what is not due holds nothing up");
    assert.deepEqual([...new Set(history(site, "waiting").map(({ cause }) => cause))], ["schedule"]);
    await sentry.stop();
  });

  test("runs at once when it is told to be up, not at all while it is down, and shows how it ended", async (t) => {
    const site = new Site(t);
    site.config(`entry("job", ${shell("exit 4")}, { schedule: "${FAR}" }), entry("soon", "true", [], { schedule: "* * * * * *" })`);
    const sentry = site.start();
    const { nextStartAt } = await until("it is known when", async () => {
      const shown = await becomes(site, "job:0", "waiting");
      return shown.nextStartAt !== null && shown;
    });
    assert.match(nextStartAt ?? "", /^\d{4}-02-2[89]T/);
    assert.equal((await site.sentry(["up", "job", "-c", "sample.ts"])).code, 0);
    await sentry.line(/job\.\d+ +Exited at \d+ with ExitFailure 4/);
    const after = await becomes(site, "job:0", "waiting");
    assert.deepEqual([after.lastExit?.code, after.nextStartAt], [4, nextStartAt]);
    assert.equal((await site.sentry(["restart", "job", "-c", "sample.ts"])).code, 0);
    await sentry.line(/job\.\d+ +Exited at \d+ with ExitFailure 4/);

    await sentry.line(/soon\.\d+ +Exited/);
    for (const name of ["job", "soon"]) {
      await ask(site, "POST", `/entries/${name}/down`);
      assert.equal((await becomes(site, `${name}:0`, "stopped")).nextStartAt, null);
    }
    const before = told(site, "soon").length;
    const due = Math.floor(Date.now() / 1000) * 1000 + 2000;
    await until("two seconds have begun", () => Date.now() > due + 100);
    assert.equal(told(site, "soon").length, before, "nothing runs while it is down, and nothing is missed");
    await ask(site, "POST", "/entries/soon/up");
    await sentry.line(/soon\.\d+ +Exited/);
    await sentry.stop();
  });

  test("leaves out a time at which it still runs, counts it as missed, and says so", async (t) => {
    const site = new Site(t);
    site.config(`entry("job", ${shell(waitFor("done"))}, { schedule: "* * * * * *" })`);
    const sentry = site.start();
    const { pid } = await becomes(site, "job:0", "running");
    await until("two times were missed", async () => (await missedRuns(site, "job:0")) === 2);
    assert.equal((await slot(site, "job:0")).pid, pid);
    const faults = history(site, "fault");
    assert.deepEqual(faults.slice(0, 2).map((line) => [line.entry, line.slot, line["step"], line.cause, line["missed"]]),
      Array.from({ length: 2 }, () => ["job", null, "schedule", "schedule", 1]));
    assert.match(String(faults[0]?.["message"]), /it was due, and job:0 had not ended/);
    assert.match((await site.sentry(["status", "sample.ts"])).stdout, /^job:0 +running .*\d+ missed$/m);
    site.write("done", "");
    await until("it runs again", () => history(site, "started").length > 1);
    await sentry.stop();
  });

  test("with overlap kill makes way for the next run, by its own stop and with the cause schedule", async (t) => {
    const site = new Site(t);
    const script = "trap 'echo going; exit 5' USR1; while :; do sleep 0.02; done";
    site.config(`entry("job", ${shell(script)}, { schedule: { cron: "* * * * * *", overlap: "kill" }, stop: { signal: "SIGUSR1" } })`);
    const sentry = site.start();
    const first = await sentry.started("job");
    await sentry.line(/ going$/);
    const second = await sentry.started("job");
    assert.notEqual(second, first);
    const [stopping, exited] = [history(site, "stopping")[0], history(site, "exited")[0]];
    assert.deepEqual([stopping?.pid, stopping?.cause, exited?.pid, exited?.code, exited?.cause], [first, "schedule", first, 5, "schedule"]);
    assert.equal(await missedRuns(site, "job:0"), 0);
    await sentry.stop();
  });

  test("is blocked until what it comes after is there, and a time before that is missed", async (t) => {
    const site = new Site(t);
    site.config(`${readyBy("db", "go")}, entry("job", "true", [], { after: ["db"], schedule: "* * * * * *" })`);
    const sentry = site.start();
    await becomes(site, "job:0", "blocked");
    await until("a time was missed", async () => (await missedRuns(site, "job:0")) > 0);
    assert.match(String(history(site, "fault")[0]?.["message"]), /it was due, and job:0 is blocked/);
    assert.equal((await site.get("/ready")).status, 503);
    site.write("go", "");
    await sentry.started("job");
    await sentry.stop();
  });

  test("of several processes runs all of them", async (t) => {
    const site = new Site(t);
    site.config('entry("job", "true", [], { count: 3, schedule: "* * * * * *" })');
    const sentry = site.start();
    await until("all have run twice", () => history(site, "exited").length >= 6);
    const numbers = history(site, "started").slice(0, 3).map((line) => line.slot).sort();
    assert.deepEqual(numbers, [0, 1, 2]);
    await sentry.stop();
  });

  test("is due by the clock of its time zone; without one by the machine's", async (t) => {
    const site = new Site(t);
    site.config([
      'entry("tokyo", "true", [], { schedule: { cron: "30 3 * * *", timezone: "Asia/Tokyo" } })',
      'entry("kolkata", "true", [], { schedule: { cron: "30 3 * * *", timezone: "Asia/Kolkata" } })',
      'entry("here", "true", [], { schedule: "30 3 * * *" })', 'entry("night", "true", [], { schedule: "@daily" })',
    ].join());
    const sentry = site.start(undefined, { env: { TZ: "America/Phoenix" } }); // always seven hours behind
    const at = async (name: string): Promise<string> => {
      const { nextStartAt } = await until(`it is known when ${name} is due`, async () => {
        const shown: Shown = await becomes(site, `${name}:0`, "waiting");
        return shown.nextStartAt !== null && shown;
      });
      return (nextStartAt ?? "").slice(11);
    };
    assert.deepEqual([await at("tokyo"), await at("kolkata"), await at("here"), await at("night")],
      ["18:30:00.000Z", "22:00:00.000Z", "10:30:00.000Z", "07:00:00.000Z"]);
    await sentry.stop();
  });

  test("that is no schedule, or in no time zone, or has a policy for restarts, is refused with exit 7", async (t) => {
    const site = new Site(t);
    for (const [options, expected] of [
      ['{ schedule: "61 * * * *" }', /`schedule` of entry `job`: "61 \* \* \* \*" is no cron text/],
      ['{ schedule: "* * *" }', /has 3 fields/], ['{ schedule: "0 0 30 2 *" }', /never comes/],
      ['{ schedule: { cron: "* * * * *", timezone: "Mars/Olympus" } }', /there is no time zone "Mars\/Olympus"/],
      ['{ schedule: "* * * * *", restart: "always" }', /`restart` .*means nothing beside `schedule`/],
    ] as const) {
      site.config(`entry("job", "true", [], ${options})`);
      const { code, stderr } = await site.sentry(["check", "sample.ts"]);
      assert.equal(code, 7, stderr);
      assert.match(stderr, expected);
    }
  });
});
