import { strict as assert } from "node:assert";
import { test } from "node:test";
import fc from "fast-check";
import { canBeSame, slotName } from "../../src/config/slot-names.ts";

const meet = (one: string, other: string): boolean => canBeSame(slotName(one), slotName(other));

test("a slot is a number, as it is written", () => {
  for (const [one, other] of [
    ["a", "a"], ["a{slot}", "a0"], ["a{slot}", "a10"], ["{slot}", "{slot}"], ["a{slot}b", "a1{slot}b"], ["a{slot}7", "a1{slot}"],
    ["{slot}45", "1{slot}"], ["a.{slot}.log", "a.{slot}.log"], ["{slot}{slot}", "10"], ["{slot}-{slot}", "{slot}-7"],
  ] as const) {
    assert.equal(meet(one, other), true, `${one} ${other}`);
    assert.equal(meet(other, one), true, `${other} ${one}`);
  }
  for (const [one, other] of [
    ["a", "b"], ["a", "ab"], ["", "{slot}"], ["a{slot}", "a"], ["a{slot}", "a01"], ["a{slot}", "ax"], ["a{slot}", "a-1"], ["a{slot}x", "a{slot}y"],
    ["a{slot}", "a{slot}."], ["a{slot}0", "a{slot}1"], ["0{slot}", "1{slot}"], ["{slot}{slot}", "5"],
  ] as const) {
    assert.equal(meet(one, other), false, `${one} ${other}`);
    assert.equal(meet(other, one), false, `${other} ${one}`);
  }
});

/** By trying: with two characters on each side, the shorter one of the numbers that make names the same is below 1000. */
function turnsInto(one: string, other: string): boolean {
  const pattern = new RegExp(`^${other.replaceAll(".", "\\.").replace("{slot}", "(?:0|[1-9][0-9]*)")}$`);
  return Array.from({ length: 1000 }, (_, slot) => one.replace("{slot}", String(slot))).some((name) => pattern.test(name));
}

test("names are said to meet if they do with some numbers, and only then", () => {
  const side = fc.stringMatching(/^[01.]{0,2}$/);
  const name = fc.tuple(side, side).map(([before, after]) => `${before}{slot}${after}`);
  fc.assert(fc.property(name, name, (one, other) => {
    assert.equal(meet(one, other), turnsInto(one, other) || turnsInto(other, one));
  }), { numRuns: 500 });
});
