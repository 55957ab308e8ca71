/** Lines of logs as people read them. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { shownOf } from "../../src/cli/log-lines.ts";
import { colourOf } from "../../src/colours.ts";

const at = "2026-11-22T06:35:00.123456Z";

function clock(): string {
  const date = new Date(at);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((number) => String(number).padStart(2, "0")).join(":");
}

const shown = (logged: object | string, isColoured = false): string =>
  shownOf(Buffer.from(`${typeof logged === "string" ? logged : JSON.stringify(logged)}\n`), "web", "json", isColoured).toString("latin1");

test("an object is shown with the label that a prefixed file has", () => {
  const logged = { at, entry: "web", slot: 0, pid: 1516, stream: "stdout", text: "hello" };
  assert.equal(shown(logged), `${`${clock()} web.1516`.padEnd(25)}hello\n`);
  assert.equal(shown({ ...logged, stream: "stderr" }), `${`${clock()} web.1516/err`.padEnd(25)}hello\n`);
  assert.equal(shown({ ...logged, part: true }), `${`${clock()} web.1516+`.padEnd(25)}hello\n`);
  assert.equal(shown({ ...logged, entry: "a-very-long-name", stream: "stderr", part: true }), `${clock()} a-very-long-name.1516/err+ hello\n`);
  assert.equal(shown({ ...logged, text: undefined, base64: Buffer.from([0xff, 13, 65]).toString("base64") }), `${`${clock()} web.1516`.padEnd(25)}\xff\rA\n`);
});

test("word of lines that are missing is the sentence that a prefixed file has", () => {
  assert.equal(shown({ at, lost: 3, reason: "ENOSPC" }), "Sentry dropped 3 lines here (ENOSPC).\n");
  assert.equal(shown({ at, lost: 1, reason: "unread" }), "Sentry dropped 1 line here that nobody read.\n");
});

test("what is no object of ours is shown as it is", () => {
  for (const line of ["half", "null", "17", "{}", '{"at":"never"}']) assert.equal(shown(line), `${line}\n`);
});

test("labels have the colour of their entry, and raw lines none", () => {
  const colour = colourOf("web");
  const line = Buffer.from(`${"06:35:00 web.1516".padEnd(25)}12:00:00 text\xff\n`, "latin1");
  const worn = `\x1b[${colour}m06:35:00 web.1516\x1b[0m${" ".repeat(8)}12:00:00 text\xff\n`;
  assert.equal(shownOf(line, "web", "prefixed", true).toString("latin1"), worn);
  assert.equal(shown({ at, entry: "web", pid: 1516, stream: "stdout", text: "x" }, true), `\x1b[${colour}m${clock()} web.1516\x1b[0m${" ".repeat(8)}x\n`);
  for (const plain of ["Sentry dropped 3 lines here (EIO).\n", "no label\n"]) {
    assert.equal(shownOf(Buffer.from(plain), "web", "prefixed", true).toString(), plain);
  }
  assert.deepEqual(shownOf(line, "web", "raw", true), line);
  assert.deepEqual(shownOf(line, "web", "prefixed", false), line);
});
