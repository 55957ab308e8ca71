/** The compiler is what tests here: that the public types of events say what the history's lines hold, and nothing else. */
import { test } from "node:test";

import type { HistoryRecord } from "../../src/core/record.ts";
import type { HistoryLine } from "../../src/engine/line.ts";
import type { SentryEvent } from "../../src/index.ts";

type Line = LineOf<HistoryRecord>;

/** What `lineOf` makes of a record, and what the history writes beside it. */
type LineOf<Record> = Record extends HistoryRecord ? Pick<HistoryLine, "id" | "at"> & Filled<Record> & Whose<Record["type"]> : never;

/** What every line has, where the record says nothing. */
type Filled<Record> = Omit<{ code: null; signal: null; coreDumped: false; status: null }, keyof Record> & Omit<Record, "at">;

type Whose<Type> = Type extends "started" ? { mark: string; boot: string } : Type extends "tookOver" ? { boot: string } : unknown;

type Type = SentryEvent["type"];
type Fields<One> = One extends One ? keyof One : never;
/** What these have and those do not, of the same type. */
type More<These, Those> = { [Each in Type]: Exclude<Fields<Extract<These, { type: Each }>>, Fields<Extract<Those, { type: Each }>>> }[Type];

test("the types of events are those of the history's lines", () => {
  const told = (line: Line): SentryEvent => line;
  const untold = (field: More<Line, SentryEvent>): never => field;
  const made = (field: More<SentryEvent, Line>): never => field;
  const type = (one: Type): Line["type"] => one;
  void [told, untold, made, type];
});

test("an event is told apart by its type", () => {
  const words = (event: SentryEvent): string => {
    if (event.type === "exited") return event.code === null ? `by ${event.signal}` : `with ${event.code} after ${event.ranMs}`;
    if (event.type === "stopped") return event.entry === null ? "Sentry leaves" : `${event.entry}:${event.slot}`;
    // @ts-expect-error only an exit has it
    if (event.type === "started") return String(event.ranMs);
    return event.type === "lost" ? `${event.count} of ${event.what}` : event.at;
  };
  void words;
});
