/** What each word of sd_notify(3) does. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { exits, NOTIFY, running, says, shown } from "../support/saying.ts";
import { history, stateOf } from "../support/shown.ts";
import { ask, becomes, told } from "../support/slots.ts";

suite("a process that says", { concurrency: 3 }, () => {
  test("STATUS and ERRNO is shown with that, over HTTP and by sentry status", async (t) => {
    const { site, puppets, sentry } = running(t, NOTIFY);
    await puppets.bid("x:0", "says STATUS=loading ERRNO=12");
    await says(site, { status: "loading", errno: 12, doing: null });
    const { stdout } = await site.sentry(["status", "sample.ts"]);
    assert.match(stdout, /x:0 +starting .*"loading"; errno 12/);
    await puppets.bid("x:0", "says READY=1 STATUS=loaded");
    await becomes(site, "x:0", "running");
    await says(site, { status: "loaded", errno: 12 });
    await sentry.stop();
  });

  test("RELOADING is shown so until it is ready again, and is ready meanwhile", async (t) => {
    const { site, puppets, sentry } = running(t, NOTIFY);
    await puppets.bid("x:0", "says READY=1");
    await becomes(site, "x:0", "running");
    await puppets.bid("x:0", "says RELOADING=1 MONOTONIC_USEC=1");
    await says(site, { doing: "reloading" });
    assert.equal((await shown(site)).state, "running");
    assert.match((await site.sentry(["status", "sample.ts"])).stdout, /reloading/);
    await puppets.bid("x:0", "says READY=1 STATUS=again");
    await says(site, { doing: null, status: "again" });
    assert.deepEqual(told(site, "x"), ["started", "ready"]);
    await sentry.stop();
  });

  test("STOPPING ends by itself, and that is an end like any other", async (t) => {
    const { site, puppets, sentry } = running(t, `${NOTIFY}, restart: "on-failure"`);
    await puppets.bid("x:0", "says READY=1; says STOPPING=1");
    await says(site, { doing: "stopping" });
    assert.equal((await shown(site)).state, "running");
    const pid = await puppets.bid("x:0", "exit 0");
    await becomes(site, "x:0", "finished");
    assert.deepEqual(exits(site), [[pid, 0, "exited"]]);
    await sentry.stop();
  });

  test("STOPPING and stays is killed after its grace", async (t) => {
    const { site, puppets, sentry } = running(t, `${NOTIFY}, restart: "never", stop: { grace: 300 }`, "trap 'notes TERM' TERM");
    const pid = await puppets.bid("x:0", "says READY=1; says STOPPING=1");
    await becomes(site, "x:0", "failed");
    assert.deepEqual(exits(site), [[pid, "SIGKILL", "exited"]]);
    assert.deepEqual(puppets.noted("x"), [], "it was told nothing before");
    await sentry.stop();
  });

  test("STOPPING is not examined any more, nor does its watchdog bark", async (t) => {
    const options = `${NOTIFY}, watchdog: 300, health: { exec: ["sh", "-c", "echo >> looks; test -e well"], interval: 50, failures: 2 }`;
    const { site, puppets, sentry } = running(t, options);
    site.write("well", "");
    const pid = await puppets.bid("x:0", "says READY=1; says STOPPING=1; rm -f ../well; sleep 1; notes still there");
    await puppets.note("x");
    assert.equal(stateOf(pid), "S");
    assert.deepEqual(told(site, "x"), ["started", "ready"]);
    await sentry.stop();
  });

  test("EXTEND_TIMEOUT_USEC has that much more time for its start", async (t) => {
    const late = "says EXTEND_TIMEOUT_USEC=3600000000; sleep 1.5; says EXTEND_TIMEOUT_USEC=1; says READY=1";
    const { site, sentry } = running(t, 'ready: { notify: true, timeout: "1s" }', late);
    await becomes(site, "x:0", "running");
    assert.deepEqual(told(site, "x"), ["started", "ready"]);
    await sentry.stop();
  });

  test("EXTEND_TIMEOUT_USEC has failed where even that is not enough", async (t) => {
    const { site, sentry } = running(t, 'ready: { notify: true, timeout: 300 }, restart: "never"', "says EXTEND_TIMEOUT_USEC=700000");
    await becomes(site, "x:0", "failed");
    assert.equal(history(site, "exited")[0]?.cause, "readyTimeout");
    await sentry.stop();
  });

  test("EXTEND_TIMEOUT_USEC has that much more time for its end", async (t) => {
    const late = "trap 'says EXTEND_TIMEOUT_USEC=60000000; sleep 1; exit 5' TERM";
    const { site, puppets, sentry } = running(t, `${NOTIFY}, stop: { grace: 500, scope: "process" }`, late);
    const pid = await puppets.bid("x:0", "says READY=1");
    await becomes(site, "x:0", "running");
    await ask(site, "POST", "/processes/x:0/down");
    await becomes(site, "x:0", "stopped");
    assert.deepEqual(exits(site), [[pid, 5, "stopped"]]);
    await sentry.stop();
  });
});
