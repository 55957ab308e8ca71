/**
 * Chance that can be repeated: a number between 0 and 1 (not included) from a seed, and the seed of the next. The law may
 * not ask anything that is not its state, and what it needs is only that a thousand programs that failed at one moment do
 * not come back at one moment.
 *
 * Mulberry32 by Tommy Ettinger, which is in the public domain: 32 bits of state, a whole period of 2^32.
 */
export function draw(seed: number): { readonly random: number; readonly seed: number } {
  const next = (seed + 0x6d2b79f5) >>> 0;
  let mixed = Math.imul(next ^ (next >>> 15), next | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return { random: ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32, seed: next };
}
