/** What a verb answers with: a sentence, or with --json one document. */
export function print(what: string | object): void {
  process.stdout.write(typeof what === "string" ? `${what}\n` : `${JSON.stringify(what)}\n`);
}
