import { createRequire } from "node:module";

/**
 * CommonJS files that were bundled into a program call `require` for Node's own modules, and esbuild looks for a global
 * one. This is the one that the configuration would have had.
 */
export function borrowRequire(path: string): void {
  Object.assign(globalThis, { require: createRequire(path) });
}
