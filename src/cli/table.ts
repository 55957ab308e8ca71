import { printable } from "../printable.ts";

/** Each has a text for each column. */
type Rows = readonly (readonly string[])[];

/**
 * Rows as columns that line up. The last column takes what room is left, and goes on in further lines where that is too
 * little.
 * @param paint what becomes of each line of that row, such as a colour
 */
export function table(rows: Rows, room: number, paint: (line: string, row: number) => string = (line) => line): string[] {
  const printed = rows.map((row) => row.map(printable));
  const widths = widthsOf(printed);
  return printed.flatMap((cells, row) => {
    const left = cells.slice(0, -1).map((cell, n) => cell.padEnd(widths[n] ?? 0) + GAP).join("");
    const lines = wrapped(cells.at(-1) ?? "", Math.max(LEAST, room - left.length));
    return lines.map((line, n) => paint(`${n === 0 ? left : " ".repeat(left.length)}${line}`.trimEnd(), row));
  });
}

const GAP = "  ";

/** Narrower than that, a column of sentences cannot be read. */
const LEAST = 20;

/**
 * Rows without the columns that there is no room for, where there is too little for all and the least of the last one.
 * @param leaveOut by column: the highest number goes first, 0 stays
 */
export function narrowed(rows: Rows, leaveOut: readonly number[], room: number): Rows {
  if (room === Infinity) return rows;
  const last = leaveOut.length - 1;
  const widths = widthsOf(rows).map((width, n) => n === last ? Math.min(width, LEAST) : width + GAP.length);
  const kept = new Set(leaveOut.keys());
  const width = (): number => [...kept].reduce((sum, n) => sum + (widths[n] ?? 0), 0);
  for (const next of [...new Set(leaveOut)].filter((number) => number > 0).sort((a, b) => b - a)) {
    if (width() <= room) break;
    kept.delete(leaveOut.indexOf(next));
  }
  return rows.map((row) => row.filter((_, n) => kept.has(n)));
}

function widthsOf(rows: Rows): number[] {
  return (rows[0] ?? []).map((_, n) => rows.reduce((most, row) => Math.max(most, (row[n] ?? "").length), 0));
}

/** At spaces, where there are any. */
export function wrapped(text: string, room: number): string[] {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > room) {
    const space = rest.lastIndexOf(" ", room);
    const end = space > 0 ? space : room;
    lines.push(rest.slice(0, end));
    rest = rest.slice(end).trimStart();
  }
  return [...lines, rest];
}
