/**
 * Makes check.ts from schema.ts: `node out/src/config/schema.build.js` prints it. A test compares the two.
 */
import { Code } from "typebox/compile";
import { asked } from "./schema.ts";

/** The text of check.ts. */
export function checkModule(): string {
  const { Code: code, External: external } = Code(asked);
  const check = /^const (\w+) = \(\((\w+)\) => (.*)\);$/ms.exec(code);
  const [, , value, condition] = check ?? [];
  const alone = code.split("\nconst ").length === 2 && !/Guard\.|Hashing\./.test(code);
  if (value === undefined || condition === undefined || !alone) {
    throw new Error(`typebox makes another kind of code than it did:\n${code}`);
  }
  return [
    "// Made from schema.ts by schema.build.ts; not to be edited. See there.",
    "// @ts-nocheck",
    "/* oxlint-disable */",
    `const ${external.identifier} = [`,
    ...external.variables.map((variable) => `  ${String(variable)},`),
    "];",
    "",
    `export const check: (value: unknown) => boolean = (${value}: any) =>`,
    `  ${condition.replaceAll(" && ", "\n    && ")};`,
    "",
  ].join("\n");
}

if (process.argv[1] === import.meta.filename) process.stdout.write(checkModule());
