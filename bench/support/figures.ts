/** From many measurements to one figure. */

/** The same question to each, in turn: whatever else the machine does meets all of them alike. */
export async function inTurn<Name extends string, Answer>(
  rounds: number, asked: Readonly<Record<Name, () => Promise<Answer>>>,
): Promise<Record<Name, Answer[]>> {
  const names = Object.keys(asked) as Name[];
  const answers = Object.fromEntries(names.map((name) => [name, [] as Answer[]])) as Record<Name, Answer[]>;
  for (let round = 0; round < rounds; round++) {
    for (const name of names) answers[name].push(await asked[name]());
  }
  return answers;
}

/** The smallest value that is not below the given part of all of them. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? NaN;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** `1.83 x node -e 0` */
export function times(ours: number, theirs: number, name: string): string {
  return `${(ours / theirs).toFixed(2)} x ${name}`;
}
