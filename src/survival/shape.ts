/**
 * What was read from a file is of no type. A reader looks at a value, and gives it as what it is meant to be, with what it
 * knows of and no more; or says where it is something else.
 */
export type Reader<T> = (value: unknown, where: string) => T;

/** It is not what it should be. */
export class Misfit extends Error {}

export function misfit(where: string, what: string): never {
  throw new Misfit(`${where} is ${what}`);
}

export const text: Reader<string> = (value, where) =>
  typeof value === "string" ? value : misfit(where, "no text");

/** As JSON has it: never infinite. */
export const number: Reader<number> = (value, where) =>
  typeof value === "number" ? value : misfit(where, "no number");

/** 0, 1, 2 … */
export const whole: Reader<number> = (value, where) =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? value as number : misfit(where, "no whole number");

export function upTo(most: number): Reader<number> {
  return (value, where) => whole(value, where) <= most ? value as number : misfit(where, `more than ${most}`);
}

/** 1, 2, 3 … */
export const positive: Reader<number> = (value, where) =>
  whole(value, where) > 0 ? value as number : misfit(where, "0");

export const flag: Reader<boolean> = (value, where) =>
  typeof value === "boolean" ? value : misfit(where, "neither true nor false");

export const anything: Reader<unknown> = (value) => value;

export function matching(pattern: RegExp): Reader<string> {
  return (value, where) => pattern.test(text(value, where)) ? value as string : misfit(where, "not spelled as it should be");
}

export function nullable<T>(reader: Reader<T>): Reader<T | null> {
  return (value, where) => value === null ? null : reader(value, where);
}

/** Those who wrote it before there was such a thing have left it out: this was true then. */
export function later<T>(then: T, reader: Reader<T>): Reader<T> {
  return (value, where) => value === undefined ? then : reader(value, where);
}

/** One of the keys. */
export function oneOf<T extends string>(choices: Readonly<Record<T, true>>): Reader<T> {
  return (value, where) => Object.hasOwn(choices, text(value, where)) ? value as T : misfit(where, "none of its choices");
}

export function list<T>(reader: Reader<T>): Reader<T[]> {
  return (value, where) => Array.isArray(value)
    ? value.map((one, index) => reader(one, `${where}[${index}]`))
    : misfit(where, "no list");
}

export function pair<T>(reader: Reader<T>): Reader<readonly [T, T]> {
  return (value, where) => {
    const [first, second, ...more] = list(reader)(value, where);
    return first === undefined || second === undefined || more.length > 0 ? misfit(where, "no pair") : [first, second];
  };
}

export function fields<T extends object>(readers: { readonly [Key in keyof T]-?: Reader<T[Key]> }): Reader<T> {
  const known = Object.entries(readers) as [string, Reader<unknown>][];
  return (value, where) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return misfit(where, "no object");
    const given = value as Record<string, unknown>;
    return Object.fromEntries(known.map(([key, reader]) => [key, reader(given[key], `${where}.${key}`)])) as T;
  };
}

/** Which fields there are depends on `kind`. */
export function kinds<T extends { kind: string }>(
  readers: { readonly [Kind in T["kind"]]: Reader<T & { kind: Kind }> },
): Reader<T> {
  const known = new Map(Object.entries<Reader<T>>(readers));
  return (value, where) => {
    const { kind } = fields<{ kind: string }>({ kind: text })(value, where);
    const reader = known.get(kind);
    return reader === undefined ? misfit(`${where}.kind`, "unknown") : reader(value, where);
  };
}

/** Exactly this word: the mark of a kind. */
export function word<T extends string>(expected: T): Reader<T> {
  return (value, where) => value === expected ? expected : misfit(where, `not ${expected}`);
}
