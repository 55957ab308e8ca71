/**
 * Where in the sources something stands. The compiled program is imported from memory, so V8 names it as its last line
 * (`sourceURL`) says; a position in it goes back through the source map.
 */
import { SourceMap, type SourceMapPayload } from "node:module";
import { relative, resolve } from "node:path";

/** The name that stacks give to a compiled program, which must not be taken for a file. V8 takes no blanks or quotes in it. */
export function compiledName(path: string): string {
  return `compiled:${encodeURI(path).replaceAll("'", "%27")}`;
}

/** A compiled program with its source map inside, ready to be imported. */
export function importable(code: string): string {
  return `data:text/javascript;base64,${Buffer.from(code).toString("base64")}`;
}

/** All places in the sources that a stack tells of, innermost first: `sample.ts:4:3`, relative to the folder of `path`. */
export function placesIn(stack: string, code: string, path: string): string[] {
  const encoded = /\n\/\/# sourceMappingURL=data:application\/json;base64,([^\n]*)/.exec(code)?.[1];
  if (encoded === undefined) return [];
  const map = new SourceMap(JSON.parse(Buffer.from(encoded, "base64").toString()) as SourceMapPayload);
  const folder = resolve(path, "..");
  const places: string[] = [];
  for (const frame of stack.split(`${compiledName(path)}:`).slice(1)) {
    const [line, column] = frame.split(/[:)\n]/, 2).map(Number);
    if (line === undefined || column === undefined) continue;
    const origin = map.findEntry(line - 1, column - 1);
    if (!("originalSource" in origin)) continue;
    places.push(`${relative(folder, origin.originalSource)}:${origin.originalLine + 1}:${origin.originalColumn + 1}`);
  }
  return places;
}

/** A message without the megabytes that a program imported from memory has for a name. */
export function legible(message: string, path: string): string {
  return message.replaceAll(/data:text\/javascript;base64,[A-Za-z0-9+/=]*/g, path).replaceAll(compiledName(path), path);
}
