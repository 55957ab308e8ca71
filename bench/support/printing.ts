/** What fixtures/prints.c is asked for: lines of 100 bytes, and as much by one write(2) as stdio would take. */
export const LENGTH = 100;
export const BLOCK = 65_536;
export const FILL = "x".charCodeAt(0);

/** As fast as they are taken, for ever. */
export function printingForEver(program: string, length = LENGTH, fill = FILL): string[] {
  return [program, ...[length, BLOCK, fill].map(String)];
}
