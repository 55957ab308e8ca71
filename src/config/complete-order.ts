/** What comes after what, and whether that can be: an order that goes in a circle, or waits for what never comes, starts nothing. */
import type { After, ExitWhen, Law } from "../core/types.ts";
import { Complaint } from "./complaint.ts";
import type { AskedEntry, Given } from "./given.ts";
import { nearest } from "./nearest.ts";

export function afterOf({ after = [] }: AskedEntry["options"]): After[] {
  return [after].flat().map((one) => typeof one === "string" ? { entry: one, on: "ready" } : { entry: one.entry, on: one.on ?? "ready" });
}

/** @param places of the entries, in the same order */
export function checkOrder(laws: readonly Law[], places: Given["places"]): void {
  const known = new Map(laws.map((law) => [law.name, law]));
  const refuse = ({ name }: Law, why: string): never => {
    throw new Complaint(`option \`after\` of entry \`${name}\` ${why}`, places[laws.findIndex((law) => law.name === name)] ?? null);
  };
  for (const law of laws) {
    const named = new Set<string>();
    for (const { entry, on } of law.after) {
      const other = known.get(entry);
      if (other === undefined) {
        const near = nearest(entry, [...known.keys()].filter((name) => name !== law.name));
        return refuse(law, `names \`${entry}\`, and there is no such entry${near && `; did you mean \`${near}\`?`}`);
      }
      if (named.has(entry)) refuse(law, `names \`${entry}\` twice`);
      named.add(entry);
      const endless = endlessness(other);
      if (on === "finished" && endless !== null) refuse(law, `waits until \`${entry}\` has finished, and that ${endless}`);
    }
  }
  const circle = circleIn(known);
  const first = known.get(circle[0] ?? "");
  if (first !== undefined) refuse(first, `goes in a circle: \`${circle.join(" → ")}\``);
}

/** `"any"` is not refused: also what is always restarted can fail, by its `limit`. */
export function checkExit(exitWhen: ExitWhen, laws: readonly Law[], place: Given["place"]): void {
  if (exitWhen !== "all") return;
  for (const law of laws) {
    const endless = endlessness(law);
    if (endless !== null) throw new Complaint(`option \`exitWhen\` is "all", and entry \`${law.name}\` ${endless}: it never comes to its end`, place);
  }
}

/** Why an entry can never be finished; null: it can. */
function endlessness({ restart, schedule }: Law): string | null {
  if (schedule !== null) return "is scheduled";
  return restart === "always" ? "is always restarted" : null;
}

/** Each of these comes after the next; the first is there again as the last. Empty: there is no circle. */
function circleIn(laws: ReadonlyMap<string, Law>): string[] {
  const missing = new Map([...laws.values()].map(({ name, after }) => [name, after.length]));
  const followers = new Map<string, string[]>();
  for (const { name, after } of laws.values()) {
    for (const { entry } of after) followers.set(entry, [...followers.get(entry) ?? [], name]);
  }
  // Whatever could be started, one after the other: the list grows while it is gone through.
  const startable = [...laws.keys()].filter((name) => missing.get(name) === 0);
  for (const name of startable) {
    for (const follower of followers.get(name) ?? []) {
      const left = (missing.get(follower) ?? 0) - 1;
      missing.set(follower, left);
      if (left === 0) startable.push(follower);
    }
  }
  // What could not comes after another one that could not: so this walk goes on until it meets itself.
  const stuck = new Set(laws.keys());
  for (const name of startable) stuck.delete(name);
  const path: string[] = [];
  let [at] = stuck;
  while (at !== undefined && !path.includes(at)) {
    path.push(at);
    at = laws.get(at)?.after.find(({ entry }) => stuck.has(entry))?.entry;
  }
  return at === undefined ? [] : [...path.slice(path.indexOf(at)), at];
}
