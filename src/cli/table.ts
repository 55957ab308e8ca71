/** Rows as columns that line up. The last column takes what room is left, and goes on in further lines where that is too little. */
export function table(rows: readonly (readonly string[])[], room: number): string[] {
  const widths = (rows[0] ?? []).map((_, n) => Math.max(...rows.map((row) => printable(row[n] ?? "").length)));
  return rows.flatMap((row) => {
    const cells = row.map(printable);
    const last = cells.pop() ?? "";
    const left = cells.map((cell, n) => `${cell.padEnd(widths[n] ?? 0)}  `).join("");
    const lines = wrapped(last, Math.max(LEAST, room - left.length));
    return lines.map((line, n) => `${n === 0 ? left : " ".repeat(left.length)}${line}`.trimEnd());
  });
}

/** Narrower than that, a column cannot be read. */
const LEAST = 20;

/** What would move the cursor, or worse, is spelled out. */
export function printable(text: string): string {
  return text.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, (found) => {
    const code = found.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}

/** At spaces, where there are any. */
function wrapped(text: string, room: number): string[] {
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
