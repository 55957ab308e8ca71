/** Text that comes from somewhere else, as it can be shown on a terminal. */

/** Characters that move the cursor, or show other characters elsewhere than they are. */
export const HARMFUL = /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** They are spelled out. */
export function printable(text: string): string {
  return text.replace(HARMFUL, (found) => {
    const code = found.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}

/** Of lines, which may be indented. */
export function printableText(text: string): string {
  return text.replace(/[^\n\t]+/g, printable);
}
