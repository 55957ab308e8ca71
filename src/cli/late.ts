/**
 * What is needed late, or never. A running Sentry may outlive its files: an upgrade replaces them, or takes them away. So
 * modules are bundles of their own, without imports of their like, and the text of all of it is kept from the beginning.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** @param name of a file beside this one's bundle */
export function keepModule(name: string): () => URL {
  const text = keepFile(name);
  // Under its own name: else each line of a stack shows all of the URL.
  return () => new URL(`data:text/javascript;base64,${Buffer.concat([text(), Buffer.from(`\n//# sourceURL=${name}\n`)]).toString("base64")}`);
}

export function keepFile(name: string): () => Buffer {
  const text = readFileSync(join(import.meta.dirname, name));
  return () => text;
}
