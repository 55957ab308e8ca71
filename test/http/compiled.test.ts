import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { Check } from "typebox/value";

import { compiledModule } from "../../src/http/compiled.build.ts";
import { text } from "../../src/http/json.ts";
import { answers, requests } from "../../src/http/schema.ts";
import type { AnswerName, Answered, RequestName } from "../../src/http/schema.ts";
import { asked, validatorCompiler, write, writeList } from "../../src/http/shape.ts";

const dummy: Answered<"Process"> = {
  id: "dummy:0", entry: "dummy", slot: 0, pid: 1514, state: "running", ready: true, command: "sleep", args: ["4", "a\n\"b\""],
  startedAt: "2026-11-22T06:35:00.123Z", uptimeMs: 3201, restarts: 12, nextStartAt: null, cpuPercent: 0.25, memoryBytes: 1134592,
  lastExit: {
    pid: 1512, code: 0, signal: null, coreDumped: false, oomKilled: false, status: "known", cause: "exited",
    at: "2026-11-22T06:34:59.120431Z", ranMs: 4003, maxRssBytes: null, userMs: 1, systemMs: 1,
  },
  notify: { status: "well", doing: null, errno: 2 },
};

test("compiled.ts is what compiled.build.ts makes of the schemas", () => {
  const source = new URL("../../../src/http/compiled.ts", import.meta.url);
  assert.equal(readFileSync(source, "utf8"), compiledModule(), "run: node out/src/http/compiled.build.js > src/http/compiled.ts");
});

test("a process is written as JSON.stringify would, and as the schema has it", () => {
  assert.equal(write("Process", dummy), JSON.stringify(dummy));
  assert.equal(writeList("Process", [dummy, dummy]), JSON.stringify([dummy, dummy]));
  assert.equal(writeList("Process", []), "[]");
  assert.ok(Check(answers.Process, JSON.parse(write("Process", { ...dummy, lastExit: null }))));
});

test("a text is written as JSON.stringify would, whatever is in it", () => {
  for (let code = 0; code <= 0xffff; code++) {
    const value = `a${String.fromCharCode(code)}b`;
    assert.equal(text(value), JSON.stringify(value));
  }
  for (const value of ["", "😀", "\ude00\ud83d"]) assert.equal(text(value), JSON.stringify(value));
});

test("nothing gets into an answer but the fields that the schema names", () => {
  const environment = { env: { SECRET: "hush" }, environment: ["SECRET=hush"] };
  const spoilt = { ...dummy, ...environment, lastExit: { ...dummy.lastExit, ...environment } };
  assert.equal(write("Process", spoilt as typeof dummy), JSON.stringify(dummy));
  assert.equal(write("Process", { ...dummy, command: environment } as unknown as typeof dummy).includes("hush"), false);
});

const isOpen = (name: AnswerName): boolean => (answers[name] as { additionalProperties?: unknown }).additionalProperties === true;

for (const name of (Object.keys(answers) as AnswerName[]).filter((each) => !isOpen(each))) {
  test(`whatever a ${name} is made of, the answer is JSON with exactly the fields of the schema`, () => {
    const fields = Object.keys(answers[name].properties);
    const some = fc.record(Object.fromEntries(fields.map((field) => [field, fc.anything({ withBigInt: false })])), { requiredKeys: [] });
    const required = (answers[name] as { required?: string[] }).required ?? [];
    fc.assert(fc.property(some, (made) => {
      const expected = fields.filter((field) => required.includes(field) || (made as Record<string, unknown>)[field] !== undefined);
      assert.deepEqual(Object.keys(JSON.parse(write(name, made as never)) as object), expected);
    }));
  });
}

/** What is said of it; null where it is all right. */
function complaint(name: RequestName, value: unknown, httpPart = "body"): string | null {
  const verdict = validatorCompiler({ schema: asked(name), method: "POST", url: "/", httpPart })(value) as { error?: Error };
  return verdict.error?.message ?? null;
}

for (const name of Object.keys(requests) as RequestName[]) {
  test(`a ${name} passes where typebox itself lets it pass, and nowhere else`, () => {
    const same = (given: object) => {
      // In JSON and in a query string there is no field that is undefined.
      const sent = Object.fromEntries(Object.entries(given).filter(([, part]) => part !== undefined));
      assert.equal(complaint(name, sent) === null, Check(requests[name], sent), JSON.stringify(sent));
    };
    const fields = [...Object.keys(requests[name].properties), "nope"];
    const values = [0, 2, -1, 1.5, 1e9, Infinity, NaN, true, null, "", " ", "0", "7", "10000", "10001", "999999999", "true", "web", "1\n", []];
    for (const field of fields) for (const value of values) same({ [field]: value });
    const any = fc.oneof(fc.constantFrom(...values), fc.anything());
    fc.assert(fc.property(fc.record(Object.fromEntries(fields.map((field) => [field, any])), { requiredKeys: [] }), same));
  });
}

test("a complaint names the field, and says what it must be", () => {
  const cases: [RequestName, unknown, string][] = [
    ["Scale", { count: -1 }, "count: must be a whole number from 0"],
    ["Scale", { count: "2" }, "count: must be a whole number from 0"],
    ["Scale", {}, "count: is missing; it must be a whole number from 0"],
    ["Scale", { count: 2, nope: 1 }, "nope: is not known here; count is"],
    ["Scale", { constructor: 1, count: 1 }, "constructor: is not known here; count is"],
    ["HistoryQuery", { limt: "1" }, "limt: is not known here; entry and limit are"],
    ["NoQuery", { a: "1" }, "a: is not known here"],
    ["Restart", { rolling: 1 }, "rolling: must be true or false"],
    ["Signal", { signal: 1 }, "signal: must be the name of a signal, such as SIGHUP"],
  ];
  for (const [name, value, said] of cases) assert.equal(complaint(name, value), said);
});

test("what is no object is refused with an example, and a body may be left out where nothing has to be in it", () => {
  for (const value of [[], "x", 3, null, undefined]) {
    assert.equal(complaint("Scale", value), 'body: must be an object, such as { "count": 2 }');
  }
  for (const name of ["Restart", "Nothing"] as const) assert.equal(complaint(name, undefined), null);
});

test("a query that is given twice is told so, and a list in a body is just wrong", () => {
  assert.equal(complaint("OfEntry", { entry: ["a", "b"] }, "querystring"), "entry: is given more than once");
  assert.equal(complaint("Scale", { count: [1] }), "count: must be a whole number from 0");
});
