/** The state as JSON and back: the proof that it is plain. */
import type { State } from "../../src/core/state.ts";

export function frozen(state: State): string {
  return JSON.stringify(state, (_key, value: unknown) => value instanceof Map ? { map: [...value] } : value);
}

export function thawed(text: string): State {
  return JSON.parse(text, (_key, value: { map?: [] } | null) =>
    value !== null && Object.hasOwn(value, "map") ? new Map(value.map) : value) as State;
}
