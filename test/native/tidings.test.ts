/** What a process says by sd_notify(3). */
import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import type { Tidings } from "../../src/core/types.ts";
import { readTidings } from "../../src/native/tidings.ts";

const nothing: Tidings = {
  ready: false, doing: null, status: null, errno: null, mainPid: null, watchdog: null, watchdogEvery: null, extend: null,
};

function says(text: string, what: Partial<Tidings>): void {
  assert.deepEqual(readTidings(text), { ...nothing, ...what }, JSON.stringify(text));
}

test("each name says what sd_notify(3) says of it", () => {
  says("READY=1", { ready: true });
  says("RELOADING=1\nMONOTONIC_USEC=123", { doing: "reloading" });
  says("STOPPING=1", { doing: "stopping" });
  says("STATUS=Completed 66% of file system check…", { status: "Completed 66% of file system check…" });
  says("ERRNO=2", { errno: 2 });
  says("MAINPID=4711", { mainPid: 4711 });
  says("WATCHDOG=1", { watchdog: "alive" });
  says("WATCHDOG=trigger", { watchdog: "trigger" });
  says("WATCHDOG_USEC=20000000", { watchdogEvery: 20_000 });
  says("WATCHDOG_USEC=0", { watchdogEvery: 0 });
  says("EXTEND_TIMEOUT_USEC=1500", { extend: 1.5 });
});

test("one datagram may say several things", () => {
  says("READY=1\nSTATUS=Ready = willing\nMAINPID=17\n", { ready: true, status: "Ready = willing", mainPid: 17 });
});

test("of a name that is there twice the last one counts", () => {
  says("STATUS=one\nSTATUS=two", { status: "two" });
  says("RELOADING=1\nSTOPPING=1", { doing: "stopping" });
  says("MAINPID=17\nMAINPID=none", { mainPid: 17 });
});

test("ready after reloading is the end of the reload; reloading after ready is its beginning", () => {
  says("RELOADING=1\nREADY=1", { ready: true });
  says("READY=1\nRELOADING=1", { ready: true, doing: "reloading" });
});

test("unknown names, descriptors and barriers say nothing", () => {
  for (const text of ["", "\n\n", "=", "=1", "READY", "ready=1", "BARRIER=1", "FDSTORE=1\nFDNAME=db", "X_MORE=1", " READY=1"]) says(text, {});
});

test("values that are none say nothing", () => {
  const values = [
    "READY=0", "READY=yes", "READY=", "RELOADING=0", "STOPPING=2", "ERRNO=-1", "ERRNO=ENOENT", "ERRNO=99999999999", "MAINPID=0", "MAINPID=-1",
    "MAINPID=1.5", "MAINPID= 7", "MAINPID=0x10", "MAINPID=2147483648", "WATCHDOG=0", "WATCHDOG_USEC=", "WATCHDOG_USEC=1e6",
    "EXTEND_TIMEOUT_USEC=-1", "EXTEND_TIMEOUT_USEC=infinity",
  ];
  for (const text of values) says(text, {});
});

test("a status is one line of bounded length, with nothing in it that moves a cursor; an empty one is empty", () => {
  says("STATUS=\x1b[31mred\x07 and\x00 \u202ereversed\u202c\r", { status: "[31mred and reversed" });
  says("STATUS=", { status: "" });
  assert.equal([...readTidings(`STATUS=${"🙂".repeat(600)}`).status ?? ""].join(""), "🙂".repeat(512));
});

test("the greatest of 64 bits is a finite time", () => {
  for (const name of ["WATCHDOG_USEC", "EXTEND_TIMEOUT_USEC"]) {
    const { watchdogEvery, extend } = readTidings(`${name}=18446744073709551615`);
    assert(Number.isFinite(watchdogEvery ?? extend));
  }
});

test("whatever comes, it is read without a complaint, and what is read is in order", () => {
  const names = ["READY", "STATUS", "ERRNO", "MAINPID", "WATCHDOG", "WATCHDOG_USEC", "EXTEND_TIMEOUT_USEC", "RELOADING", "STOPPING"];
  const line = fc.tuple(fc.constantFrom(...names), fc.oneof(fc.string({ unit: "binary" }), fc.nat().map(String), fc.bigInt().map(String)))
    .map(([name, value]) => `${name}=${value}`);
  const text = fc.array(fc.oneof(line, fc.string({ unit: "binary" }))).map((lines) => lines.join("\n"));
  fc.assert(fc.property(text, (said) => {
    const { status, errno, mainPid, watchdogEvery, extend } = readTidings(said);
    assert(status === null || ([...status].length <= 512 && !/[\x00-\x1f\x7f]/.test(status)));
    assert(errno === null || (Number.isInteger(errno) && errno >= 0));
    assert(mainPid === null || (Number.isInteger(mainPid) && mainPid > 0));
    for (const time of [watchdogEvery, extend]) assert(time === null || (Number.isFinite(time) && time >= 0));
  }));
});
