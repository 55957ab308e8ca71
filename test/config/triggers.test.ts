import { strict as assert } from "node:assert";
import { join } from "node:path";
import { test } from "node:test";
import { loadConfig } from "../../src/config/load.ts";
import { complaint, door, inFolder, load } from "./folder.ts";

const program = (options: string) => `${door}\nexport default sentry([\n  entry("job", "x", [], { ${options} })]);`;
const refused = (options: string) => complaint(program(options));

async function job(options: string) {
  const { entries: [only] } = await load(program(options));
  return only ?? assert.fail("there is no entry");
}

test("a schedule is cron text with five fields, six with the seconds in front, or a short word", async () => {
  const texts = ["* * * * *", "*/5 0-6,22 1,15 JAN-MAR MON", "30 0 4 * * *", "0 4 L * *", "0 4 29 2 *", "@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually"];
  for (const cron of texts) assert.deepEqual((await job(`schedule: "${cron}"`)).schedule, { cron, timezone: null }, cron);
  assert.equal((await job('schedule: "  5   4 * * *  "')).schedule?.cron, "5 4 * * *");
});

test("time zone and overlap have defaults", async () => {
  const schedule = async (text: string) => {
    const { law, schedule } = await job(`schedule: ${text}`);
    return [schedule?.timezone, law.schedule];
  };
  assert.deepEqual(await schedule('"@daily"'), [null, "skip"]);
  assert.deepEqual(await schedule('{ cron: "@daily" }'), [null, "skip"]);
  assert.deepEqual(await schedule('{ cron: "@daily", timezone: "Europe/Brussels", overlap: "kill" }'), ["Europe/Brussels", "kill"]);
});

test("what is no cron text, or never comes, is refused", async () => {
  const cases: [string, string][] = [
    ["* * * *", '"* * * *" has 4 fields, where cron text has five, or six with the seconds in front'],
    ["0 0 0 1 1 * 2030", '"0 0 0 1 1 * 2030" has 7 fields, where cron text has five, or six with the seconds in front'],
    ["@reboot", '"@reboot" has 1 field, where cron text has five, or six with the seconds in front'],
    ["60 * * * *", '"60 * * * *" is no cron text (Invalid value for minute)'],
    ["0 0 30 2 *", '"0 0 30 2 *" never comes'],
    ["0 0 31 4,6,9,11 *", '"0 0 31 4,6,9,11 *" never comes'],
  ];
  for (const [cron, why] of cases) assert.equal(await refused(`schedule: "${cron}"`), `option \`schedule\` of entry \`job\`: ${why} (sample.ts:3:3)`);
  assert.match(await refused('schedule: "a b c d e"'), /^option `schedule` of entry `job`: "a b c d e" is no cron text \(/);
});

test("a time zone is one of the IANA database", async () => {
  for (const timezone of ["Nowhere", "+02:00", "Europe"]) {
    assert.match(await refused(`schedule: { cron: "@daily", timezone: "${timezone}" }`), /^option `schedule` of entry `job`: there is no time zone "/, timezone);
  }
});

test("what is scheduled is not restarted, and cannot say how", async () => {
  for (const [option, value] of Object.entries({ restart: '"never"', delay: "5", backoff: "{}", limit: "{ count: 1, within: 1 }" })) {
    assert.match(await refused(`schedule: "@daily", ${option}: ${value}`), new RegExp(
      `^option \`${option}\` of entry \`job\` means nothing beside \`schedule\`: it runs when it is due, and is not restarted.* \\(sample\\.ts:3:3\\)$`,
    ));
  }
  assert.match(await refused('schedule: "@daily", daemon: true'), /`daemon` of entry `job` means nothing beside `schedule`: .*a daemon does not/);
  assert.match(
    await complaint(`${door}\nexport default sentry([entry("job", "x", [], 5, 1, { schedule: "@daily" })]);`),
    /`delay` of entry `job` means nothing beside `schedule`: .* \(the form with five arguments gives a delay\)/,
  );
});

test("globs begin in the configuration's folder, whose name means itself", async () => {
  await inFolder({ "a [b] (c)/sample.ts": program('watch: ["src/**/*.ts", "../*.js", "/etc/!(a).conf"]') }, async (folder) => {
    const { entries: [only] } = await loadConfig(join(folder, "a [b] (c)/sample.ts"));
    assert.deepEqual(only?.watch, [join(folder, "a \\[b\\] \\(c\\)/src/**/*.ts"), join(folder, "*.js"), "/etc/!(a).conf"]);
  });
  assert.deepEqual((await job('watch: "/a/*"')).watch, ["/a/*"]);
  assert.match(await refused('watch: ["src/**", "!src/a"]'), /^option `watch` of entry `job` has "!src\/a": what is left out is said within a glob/);
});
