/**
 * Whether two names can be the same where each `{slot}` in them stands for a number: `0`, or digits that begin with
 * another one. A number is nothing but digits, so what is no digit has to be the same in both, and each row of digits and
 * numbers between is looked at by itself. Of nearly all names that is enough to see that they are others.
 *
 * A row is taken as places with steps between them, each for some digits; a number is two of these places, one of which
 * leads back to itself. Two rows can be the same where both can be walked at once, by the same digits, from the beginning
 * to the end.
 *
 * A name may have `{slot}` twice. Each is taken for a number of its own, though it is the same: so it can happen that two
 * names are said to meet that never do, and not the other way round.
 */

const SLOT = "{slot}";
const DIGITS = "0123456789";

/** Text and rows of digits and numbers, by turns; text comes first. */
export type SlotName = readonly string[];

interface Step { readonly digits: string; readonly to: number }

export function slotName(name: string): SlotName {
  return name.split(/((?:[0-9]|\{slot\})+)/);
}

export function canBeSame(one: SlotName, other: SlotName): boolean {
  return one.length === other.length
    && one.every((part, n) => part === other[n] || (n % 2 === 1 && canBeSameRow(part, other[n] ?? "")));
}

function canBeSameRow(one: string, other: string): boolean {
  if (!one.includes(SLOT) && !other.includes(SLOT)) return false;
  const [ours, theirs] = [stepsOf(one), stepsOf(other)];
  const known = new Set(["0 0"]);
  // The list of pairs of places grows while it is gone through.
  const reached: [number, number][] = [[0, 0]];
  for (const [here, there] of reached) {
    if (here === ours.length - 1 && there === theirs.length - 1) return true;
    for (const our of ours[here] ?? []) {
      for (const their of theirs[there] ?? []) {
        const pair = `${our.to} ${their.to}`;
        if (known.has(pair) || !haveInCommon(our.digits, their.digits)) continue;
        known.add(pair);
        reached.push([our.to, their.to]);
      }
    }
  }
  return false;
}

/** From each place of it; from the last there is none. */
function stepsOf(row: string): Step[][] {
  const steps: Step[][] = [];
  for (const part of row.match(/[0-9]|\{slot\}/g) ?? []) {
    const within = steps.length + 1;
    const after = within + 1;
    if (part !== SLOT) steps.push([{ digits: part, to: within }]);
    else {
      steps.push([{ digits: DIGITS, to: after }, { digits: DIGITS.slice(1), to: within }]);
      steps.push([{ digits: DIGITS, to: within }, { digits: DIGITS, to: after }]);
    }
  }
  return [...steps, []];
}

function haveInCommon(one: string, other: string): boolean {
  return [...one].some((digit) => other.includes(digit));
}
