/** What a run says of itself, as the addon tells it; and what Sentry says to whoever started it. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { test } from "node:test";

import { Native } from "../support/addon.ts";
import { until } from "../support/until.ts";

let names = 0;
const freshName = (): string => `sentry.test.${process.pid}.${++names}`;

test("what is sent to a run's socket is told, and safe to be used, whatever bytes it has", async (t) => {
  const native = new Native(t);
  const name = freshName();
  const run = native.spawn("sleep", ["1000"], { notify: name });
  assert.equal((await native.of("spawned", run)).notify, name);
  assert.equal(native.addon.notify(`@${name}`, "READY=1\nSTATUS=größer"), null);
  assert.equal(native.addon.notify(`@${name}`, "STATUS=\ud800"), null);
  const told = await native.some("notified", 2);
  assert.deepEqual(told.map(({ text }) => text), ["READY=1\nSTATUS=größer", "STATUS=\ufffd"]);
  for (const { run: of, pid, uid } of told) assert.deepEqual([of, pid, uid], [run, process.pid, process.getuid?.()]);
});

test("a program's own word is told, however short it lives", { skip: !existsSync("/usr/bin/systemd-notify") }, async (t) => {
  const native = new Native(t);
  const name = freshName();
  const script = "systemd-notify --ready --status='all there' && systemd-notify STOPPING=1";
  const run = native.spawn("sh", ["-c", script], { notify: name, env: [`PATH=${process.env["PATH"]}`, `NOTIFY_SOCKET=@${name}`] });
  const exit = await native.of("exit", run);
  assert.equal(exit.code, 0);
  const texts = native.all("notified").map(({ text }) => text).filter((text) => text !== "BARRIER=1");
  assert.match(texts[0] ?? "", /READY=1/);
  assert.match(texts[0] ?? "", /STATUS=all there/);
  assert.match(texts[1] ?? "", /STOPPING=1/);
});

test("a run without a socket has none, and one with a pipe is ready once", async (t) => {
  const native = new Native(t);
  const run = native.spawn("sh", ["-c", "echo >&4; echo >&4"], { readyFd: 4 });
  await native.of("exit", run);
  assert.deepEqual(native.all("newline"), [{ kind: "newline", run }]);
  assert.equal(native.all("spawned")[0]?.notify, null);
});

test("the socket and the pipe go over, and are heard by the next one", async (t) => {
  const native = new Native(t);
  const name = freshName();
  const run = native.spawn("sh", ["-c", "until [ -e go ]; do sleep 0.01; done; echo >&3; sleep 1000"], { notify: name, readyFd: 3 });
  await native.of("spawned", run);
  const left = await native.detach();
  const [{ notify, readyPipe } = assert.fail()] = left.processes;
  assert.equal(notify?.name, name);
  assert.ok(typeof notify.fd === "number" && typeof readyPipe === "number");
  assert.equal(native.addon.notify(`@${name}`, "STATUS=meanwhile"), null);
  execFileSync("touch", [`${native.folder}/go`]);
  native.resume(left);
  assert.equal((await native.of("notified", run)).text, "STATUS=meanwhile");
  await native.of("newline", run);
});

test("a lost socket is bound again, and a name that nobody has is refused at once", async (t) => {
  const native = new Native(t);
  const name = freshName();
  const run = native.spawn("sleep", ["1000"], { notify: name });
  await native.of("spawned", run);
  const left = await native.detach();
  for (const one of left.processes) {
    native.addon.close(one.notify?.fd ?? assert.fail());
    one.notify = { name, fd: null };
  }
  assert.equal(native.addon.notify(`@${name}`, "READY=1"), "ECONNREFUSED");
  native.resume(left);
  assert.equal(native.addon.notify(`@${name}`, "READY=1"), null);
  await native.of("notified", run);
  assert.equal(native.addon.notify("/not/there", "READY=1"), "ENOENT");
  assert.equal(native.addon.notify("vsock:2:1", "READY=1"), "EAFNOSUPPORT");
});

test("an alarm comes at its moment, and the last one counts", async (t) => {
  const native = new Native(t);
  const start = Date.now();
  native.addon.setAlarm((start + 3_600_000) * 1000);
  native.addon.setAlarm((start + 20) * 1000);
  await native.some("alarm", 1);
  assert.ok(Date.now() >= start + 20);
  native.addon.setAlarm(start * 1000);
  native.addon.setAlarm(null);
  native.addon.setAlarm(0);
  await until("it has come again", () => native.all("alarm").length >= 2);
});
