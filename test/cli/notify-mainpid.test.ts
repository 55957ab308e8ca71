/** MAINPID of sd_notify(3): which process takes the place of one that has ended. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { FOOTINGS } from "../support/footing.ts";
import { isOver } from "../support/reloading.ts";
import { exits, NOTIFY, running, says } from "../support/saying.ts";
import { history } from "../support/shown.ts";
import { becomes } from "../support/slots.ts";
import { until } from "../support/until.ts";

for (const footing of FOOTINGS) {
  suite(`MAINPID, ${footing.name}`, { skip: footing.skip }, () => {
    test("names who takes its place when it ends: the slot goes on with that, by the same run, and its exit is exact", async (t) => {
      const { site, puppets, sentry } = running(t, `${NOTIFY}, restart: "never"`, "", footing);
      const successor = "(setsid sh -c 'echo $$ > second; until test -e end; do sleep 0.05; done; exit 7' &)";
      const first = await puppets.bid("x:0", `${successor}; until test -s second; do sleep 0.01; done; read -r second < second; says READY=1 MAINPID=$second; notes $second`);
      const second = Number(await puppets.note("x"));
      assert.equal((await becomes(site, "x:0", "running")).pid, first, "as long as it lives it stays the slot's");
      await puppets.bid("x:0", "exit 0");
      await until("the other one is the slot's", async () => (await becomes(site, "x:0", "running")).pid === second);
      assert.ok(isOver(first));
      assert.deepEqual(history(site).map(({ type, pid }) => [type, pid]), [["started", first], ["ready", first], ["ready", second]]);
      site.write("puppets/end", "");
      await becomes(site, "x:0", "failed");
      assert.deepEqual(exits(site), [[second, 7, "exited"]]);
      await sentry.stop();
    });
  });
}

suite("MAINPID", { concurrency: 3 }, () => {
  test("of a stranger is not taken: its end is the end, and the stranger, who is this test, is left alone", async (t) => {
    const { site, puppets, sentry } = running(t, `${NOTIFY}, restart: "never"`);
    const pid = await puppets.bid("x:0", `says READY=1 MAINPID=${process.pid}; (setsid sleep 1000 > /dev/null 2>&1 &); exit 3`);
    await becomes(site, "x:0", "failed");
    assert.deepEqual(exits(site), [[pid, 3, "exited"]]);
    await sentry.stop();
  });

  test("of a child is followed to what the next one names, as a server does that replaces itself", async (t) => {
    const server = "n=$((${n:-0} + 1)); export n; test $n -gt 1 && says READY=1 MAINPID=$$ STATUS=generation-$n && touch is.$n";
    const { site, puppets, sentry } = running(t, `${NOTIFY}, restart: "never"`, server);
    await puppets.bid("x:0", "says READY=1");
    // Each starts the next one with its own words, and leaves when that is there.
    const next = 'sh -c "$(tr \'\\0\' \'\\n\' < /proc/$$/cmdline | tail -n +3)" & until test -e is.$((n + 1)); do sleep 0.01; done; exit 0';
    const pids = new Set<number>();
    for (let n = 1; n <= 3; n++) {
      pids.add(await puppets.bid("x:0", next));
      await says(site, { status: `generation-${n + 1}` });
      await until("the next one is the slot's", async () => !pids.has((await becomes(site, "x:0", "running")).pid ?? 0));
    }
    assert.equal(history(site, "started").length, 1);
    assert.equal(history(site, "ready").length, 4);
    assert.deepEqual(exits(site), []);
    await sentry.stop();
  });
});
