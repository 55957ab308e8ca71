/**
 * The grains of which compiled.ts makes answers. Nothing but what the schema names is written, and of that only what is
 * of the kind that it asks for: whatever else has got there becomes null.
 */

/** What JSON cannot have in a text as it is (RFC 8259, 7), and half a pair of surrogates, which UTF-8 cannot have. */
const SPECIAL = /["\\\u0000-\u001f\ud800-\udfff]/;

export function text(value: unknown): string {
  if (typeof value !== "string") return "null";
  // Most have nothing special in them, and to see that takes less time than to call out of JavaScript.
  return SPECIAL.test(value) ? JSON.stringify(value) : `"${value}"`;
}

/** JSON has no NaN and no infinity. */
export function number(value: unknown): string {
  return Number.isFinite(value) ? String(value) : "null";
}

export function flag(value: unknown): string {
  return typeof value === "boolean" ? String(value) : "null";
}

export function list(value: unknown, write: (item: unknown) => string): string {
  return Array.isArray(value) ? `[${value.map((item) => write(item)).join(",")}]` : "null";
}

export function object(value: unknown, write: (value: object) => string): string {
  return typeof value === "object" && value !== null ? write(value) : "null";
}

/** Where the schema says that there may be anything. */
export function open(value: unknown): string {
  return JSON.stringify(value) ?? "null";
}
