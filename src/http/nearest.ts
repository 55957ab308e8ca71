/** Which of the names that there are somebody may have meant. */

/** More of them say nothing. */
const MOST_SUGGESTIONS = 3;

/** Those that take the fewest changes, if these are few for their length; none where all are too far away. */
export function nearest(word: string, names: Iterable<string>): string[] {
  let best = Math.max(1, Math.floor(word.length / 3));
  let found: string[] = [];
  for (const name of names) {
    if (Math.abs(name.length - word.length) > best) continue;
    const distance = distanceBetween(word.toLowerCase(), name.toLowerCase());
    if (distance > best) continue;
    if (distance < best) found = [];
    best = distance;
    found.push(name);
  }
  return found.slice(0, MOST_SUGGESTIONS);
}

/**
 * Damerau's: letters put in, left out or changed, and neighbours that have changed places, which is what fingers do. A
 * row of the table at a time; for the last the row before the one before is needed as well.
 */
function distanceBetween(one: string, two: string): number {
  let before: number[] = [];
  let row = Array.from({ length: two.length + 1 }, (_, column) => column);
  for (let line = 1; line <= one.length; line++) {
    const next = [line];
    for (let column = 1; column <= two.length; column++) {
      const cost = one[line - 1] === two[column - 1] ? 0 : 1;
      const swapped = one[line - 1] === two[column - 2] && one[line - 2] === two[column - 1];
      next.push(Math.min(
        at(row, column - 1) + cost, at(row, column) + 1, at(next, column - 1) + 1,
        swapped ? at(before, column - 2) + 1 : Infinity,
      ));
    }
    [before, row] = [row, next];
  }
  return at(row, two.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Infinity;
}
