/**
 * What is needed late, or never. A running Sentry may outlive its files: an upgrade replaces them, or takes them away. So
 * modules are bundles of their own, without imports of their like, and the text of all of it is kept from the beginning.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** @param name of a file beside this one's bundle */
function keepModule(name: string): () => URL {
  const text = keepFile(name);
  // Under its own name: else each line of a stack shows all of the URL.
  return () => new URL(`data:text/javascript;base64,${Buffer.concat([text(), Buffer.from(`\n//# sourceURL=${name}\n`)]).toString("base64")}`);
}

function keepFile(name: string): () => Buffer {
  const text = KEPT.get(name) ?? readFileSync(join(import.meta.dirname, name));
  KEPT.set(name, text);
  return () => text;
}

/** Where an exec has failed this image begins once more, and the files may be gone by then. */
const KEPT = new Map<string, Buffer>();

export interface Kept {
  readonly http: () => URL;
  readonly functionsWorker: () => URL;
  readonly hooksWorker: () => URL;
  /** src/triggers/calendar.ts and globs.ts */
  readonly calendar: () => URL;
  readonly globs: () => URL;
  readonly openapi: () => Buffer;
}

/** All of them, read while no is still an answer. Throws where one is not there. */
export function keepAll(): Kept {
  return {
    http: keepModule("http.js"), functionsWorker: keepModule("functions-worker.js"), hooksWorker: keepModule("hooks-worker.js"),
    calendar: keepModule("calendar.js"), globs: keepModule("globs.js"),
    openapi: keepFile("openapi.json"),
  };
}
