/** What somebody may have meant who wrote something else. */

/** The known word that takes the fewest changes, if they are few for its length; else "". */
export function nearest(word: string, known: string[]): string {
  const byDistance = known.map((other) => ({ other, distance: distance(word.toLowerCase(), other.toLowerCase()) }));
  const best = byDistance.sort((one, two) => one.distance - two.distance)[0];
  return best !== undefined && best.distance <= Math.max(2, word.length / 3) ? best.other : "";
}

/** Levenshtein's: letters put in, left out, or changed. A row of the table at a time. */
function distance(one: string, two: string): number {
  let row = Array.from({ length: two.length + 1 }, (_, column) => column);
  for (const [line, letter] of [...one].entries()) {
    const next = [line + 1];
    for (const [column, other] of [...two].entries()) {
      const changed = (row[column] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(changed, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row[two.length] ?? 0;
}
