/** Which of the names that there are somebody may have meant. */

/** More of them say nothing. */
const MOST_SUGGESTIONS = 3;

/** Whoever mistypes more than that is not helped; and few cost little to look for. */
const MOST_CHANGES = 4;

/** Of those that are as long. A configuration can have any number of names, and a request is not to take longer for it. */
const MOST_COMPARED = 500;

/** Those that take the fewest changes, if these are few for their length; none where all are too far away. */
export function nearest(word: string, names: Iterable<string>): string[] {
  const meant = word.toLowerCase();
  let best = Math.min(MOST_CHANGES, Math.max(1, Math.floor(word.length / 3)));
  let found: string[] = [];
  let compared = 0;
  for (const name of names) {
    if (Math.abs(name.length - word.length) > best) continue;
    if (++compared > MOST_COMPARED) break;
    const distance = distanceBetween(meant, name.toLowerCase(), best);
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
 *
 * @param most where it is more, how much more does not matter
 */
function distanceBetween(one: string, two: string, most: number): number {
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
    // Each later row comes from these two, and nothing in it is less.
    if (Math.min(...row, ...next) > most) return Infinity;
    [before, row] = [row, next];
  }
  return at(row, two.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Infinity;
}
