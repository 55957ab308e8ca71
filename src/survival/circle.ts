/**
 * Entries that come after each other in a circle. No configuration has them, but what is put together from files may: and a
 * whole stop, which goes against the order, would wait for ever.
 */
import type { Law } from "../core/types.ts";

/** The names of such entries, in their order; null: there are none. An `after` that is nobody's name counts for nothing. */
export function circleIn(laws: readonly Law[]): readonly string[] | null {
  const afterOf = new Map(laws.map(({ name, after }) => [name, after.map(({ entry }) => entry)]));
  const isClear = new Set<string>();
  const search = (name: string, path: readonly string[]): readonly string[] | null => {
    if (path.includes(name)) return path.slice(path.indexOf(name));
    if (isClear.has(name)) return null;
    for (const before of afterOf.get(name) ?? []) {
      const found = search(before, [...path, name]);
      if (found !== null) return found;
    }
    isClear.add(name);
    return null;
  };
  for (const { name } of laws) {
    const found = search(name, []);
    if (found !== null) return found;
  }
  return null;
}

/** The same laws, and whoever is in a circle comes after nobody. */
export function withoutCircles(laws: readonly Law[]): readonly Law[] {
  const circle = circleIn(laws);
  if (circle === null) return laws;
  return withoutCircles(laws.map((law) => (circle.includes(law.name) ? { ...law, after: [] } : law)));
}
