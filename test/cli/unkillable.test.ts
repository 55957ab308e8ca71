/** What cannot be ended is told, and waited for. As an ordinary user: whoever has become root takes no signal from him. */
import assert from "node:assert/strict";
import { chmodSync, chownSync, copyFileSync } from "node:fs";
import { test } from "node:test";

import { Members } from "../support/members.ts";
import { history } from "../support/shown.ts";
import { Site } from "../support/site.ts";
import { ask, becomes } from "../support/slots.ts";
import { until } from "../support/until.ts";

const isRoot = process.getuid?.() === 0;

const skip = !isRoot && "only root makes such a program";

test("what takes no signal is named by the history and by sentry stop, and the stop goes on once it is gone (slow: 5 s)", { skip }, async (t) => {
  const site = new Site(t);
  site.becomeOrdinary();
  const members = new Members(t, site);
  const program = site.path("rooted");
  copyFileSync(site.path("member"), program);
  chownSync(program, 0, 0);
  chmodSync(program, 0o4755);
  const probe = await site.run("sh", ["-c", `${program} ${members.folder} probe root > /dev/null 2>&1 & sleep 0.2; kill -KILL $!`]);
  if (probe.code === 0) return t.skip("set-user-ID means nothing in this folder");
  await members.end();
  const script = `${program} ${members.folder} rooted root & exec $M main`;
  site.config(`entry("x", ${members.shell(script)}, { stop: { grace: 100 } })`);
  const sentry = site.start();
  const [rooted] = await members.pids("rooted", "main");
  await ask(site, "POST", "/processes/x:0/down");
  await until("the history tells it", () => history(site, "fault").length === 1);
  const [fault] = history(site, "fault");
  assert.deepEqual([fault?.entry, fault?.slot, fault?.["run"], fault?.["step"], fault?.["errno"]], ["x", 0, null, "kill", "EPERM"]);
  assert.match(String(fault?.["message"]), new RegExp(String.raw`^${rooted} \(rooted\): EPERM`));
  await becomes(site, "x:0", "stopping");
  await sentry.line(new RegExp(`${rooted} .*EPERM`));
  // What is asked meanwhile is told as well, and changes nothing.
  for (const wish of ["up", "down"]) await ask(site, "POST", `/processes/x:0/${wish}`);
  const stop = site.start(["stop", "sample.ts"]);
  await until("sentry stop says it", () => stop.stderr.includes(`${rooted} (rooted): EPERM`));
  assert.deepEqual(members.alive(), ["rooted"]);
  await members.signal("rooted", "SIGKILL");
  assert.deepEqual(await stop.ended, { code: 0, signal: null });
  assert.deepEqual(stop.lines, [`Sentry stopped for ${site.path("sample.ts")}.`]);
  assert.equal(history(site, "fault").length, 1, "it is told once");
  await sentry.endsWell();
});
