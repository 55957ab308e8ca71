/** How often is looked, and how long one look may take. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";

import { examine, untilReady, within } from "../../src/probes/look.ts";
import type { Finding, Look } from "../../src/probes/look.ts";
import { until } from "../support/until.ts";
import { stayAlive } from "./alive.ts";

stayAlive();

/** Gives these answers one after the other, and then the last one for ever. Notes each look, and those that go on. */
function scripted(...answers: (string | null | Error | "silence")[]) {
  const seen = { looks: 0, at: [] as number[], underWay: 0, most: 0, over: 0 };
  const look: Look = {
    what: "it",
    take(over) {
      const answer = answers[Math.min(seen.looks++, answers.length - 1)];
      seen.at.push(performance.now());
      seen.most = Math.max(seen.most, ++seen.underWay);
      over.addEventListener("abort", () => { seen.over++; seen.underWay--; });
      if (answer === "silence") return new Promise(() => {});
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer ?? null);
    },
  };
  return { look, seen };
}

test("an answer in time is the answer, with what was looked at", async () => {
  const never = new AbortController().signal;
  assert.equal(await within(1_000, scripted(null).look, never), null);
  assert.equal(await within(1_000, scripted("503").look, never), "it: 503");
  assert.equal(await within(1_000, scripted(new Error("broken")).look, never), "it: Error: broken");
});

test("a look that lacks something itself has not found anything wrong", async () => {
  const never = new AbortController().signal;
  for (const code of ["EMFILE", "EAGAIN"]) {
    assert.deepEqual(await within(1_000, scripted(Object.assign(new Error(), { code })).look, never), { missing: `it: ${code}` });
  }
  assert.equal(await within(1_000, scripted(Object.assign(new Error(), { code: "ECONNREFUSED" })).look, never), "it: ECONNREFUSED");
});

test("each look is told when it is over, whether it has answered or not", async () => {
  const { look, seen } = scripted(null, "silence");
  const never = new AbortController().signal;
  await within(1_000, look, never);
  assert.equal(seen.over, 1);
  assert.equal(await within(20, look, never), "it: no answer within 20 ms");
  assert.equal(seen.over, 2);
});

test("an answer that is there when a busy loop comes to look is in time", async () => {
  let answer: (wrong: string | null) => void = () => {};
  const look: Look = { what: "it", take: () => new Promise((resolve) => { answer = resolve; }) };
  const found = within(10, look, new AbortController().signal);
  setTimeout(() => setImmediate(answer, null), 1); // as I/O, it comes after timers
  for (const begin = performance.now(); performance.now() - begin < 30;);
  assert.equal(await found, null);
});

test("it is looked at once, and then until it is ready", async () => {
  const { look, seen } = scripted("no", "no", "not yet", null);
  const found: string[] = [];
  assert.equal(await untilReady(look, 5, new AbortController().signal, (wrong) => found.push(wrong)), true);
  assert.deepEqual(found, ["it: no", "it: not yet"], "the same again is no news");
  assert.equal(seen.looks, 4);
  assert.equal(seen.most, 1);
});

test("whoever cannot be looked at for a while is ready once it can", async () => {
  const { look } = scripted(Object.assign(new Error(), { code: "EMFILE" }), null);
  const found: string[] = [];
  assert.equal(await untilReady(look, 1, new AbortController().signal, (wrong) => found.push(wrong)), true);
  assert.deepEqual(found, ["it: EMFILE"]);
});

test("whoever is looked at until it is ready is not looked at after the end", async () => {
  const { look, seen } = scripted("no");
  const end = new AbortController();
  const ready = untilReady(look, 1, end.signal, () => {});
  await until("it was looked at again and again", () => seen.looks > 3);
  end.abort();
  assert.equal(await ready, false);
  const { looks } = seen;
  for (let n = 0; n < 20; n++) await turn();
  assert.equal(seen.looks, looks);
});

test("whoever is found ready in the moment of the end is not ready", async () => {
  const end = new AbortController();
  const answer = Promise.resolve(null);
  const ready = untilReady({ what: "it", take: () => answer }, 1, end.signal, () => {});
  void answer.then(() => end.abort());
  assert.equal(await ready, false);
});

test("a look that is under way at the end is over at once", async () => {
  const { look, seen } = scripted("silence");
  const end = new AbortController();
  const ready = untilReady(look, 1, end.signal, () => {});
  await until("it is looked at", () => seen.underWay === 1);
  end.abort();
  assert.equal(seen.underWay, 0);
  assert.equal(await ready, false);
});

test("health is looked at again and again, and each finding is told", async () => {
  const { look, seen } = scripted("bad", null, "bad", null);
  const end = new AbortController();
  const found: Finding[] = [];
  const over = examine(look, 10, 1_000, end.signal, (wrong) => found.push(wrong));
  await until("it was looked at four times", () => found.length === 4);
  end.abort();
  await over;
  assert.deepEqual(found, ["it: bad", null, "it: bad", null]);
  assert.equal(seen.most, 1);
});

test("the first look at the health comes after an interval, and not for all in the same moment", async () => {
  const all = Array.from({ length: 20 }, () => ({ ...scripted(null), begun: performance.now(), end: new AbortController() }));
  for (const { look, end } of all) void examine(look, 200, 1_000, end.signal, () => {});
  const firsts = await until("all were looked at", () => {
    const at = all.flatMap(({ seen, begun }) => seen.at.slice(0, 1).map((first) => first - begun));
    return at.length === all.length ? at : null;
  });
  for (const { end } of all) end.abort();
  // A millisecond is what timers leave out.
  assert(Math.min(...firsts) >= 199, `one came after ${Math.min(...firsts)} ms`);
  assert(new Set(firsts.map(Math.round)).size > 5, "most came in the same moment");
});

test("looks at the health do not overlap, also where each takes longer than the interval", async () => {
  const { look, seen } = scripted("silence");
  const end = new AbortController();
  const found: Finding[] = [];
  const over = examine(look, 5, 25, end.signal, (wrong) => found.push(wrong));
  await until("it was looked at some times", () => found.length === 4);
  end.abort();
  await over;
  assert.equal(seen.most, 1);
  assert.deepEqual(new Set(found), new Set(["it: no answer within 25 ms"]));
});

test("what is found after the end is not told", async () => {
  let answer: (wrong: string | null) => void = () => {};
  const look: Look = { what: "it", take: () => new Promise((resolve) => { answer = resolve; }) };
  const end = new AbortController();
  const found: Finding[] = [];
  let asked = false;
  const over = examine({ ...look, take: (signal) => { asked = true; return look.take(signal); } }, 1, 30_000, end.signal, (wrong) => found.push(wrong));
  await until("it is looked at", () => asked);
  end.abort();
  answer("too late");
  await over;
  assert.deepEqual(found, []);
});

test("an interval longer than a timer can be is not none", async () => {
  const { look, seen } = scripted("no");
  const end = new AbortController();
  const ready = untilReady(look, 2 ** 40, end.signal, () => {});
  await until("it was looked at", () => seen.looks > 0);
  for (let n = 0; n < 50; n++) await turn();
  assert.equal(seen.looks, 1);
  end.abort();
  assert.equal(await ready, false);
});
