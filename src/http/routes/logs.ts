/**
 * What an entry has printed. As text it is byte for byte what its files hold. As server-sent events (the HTML standard, 9.2)
 * each line is an event, whose id says where it ends, so that a client that comes again misses nothing and gets nothing
 * twice. An event is text: bytes that are not UTF-8 become U+FFFD, and a carriage return becomes a newline, which a
 * line of output cannot have. The bytes of such a line stand before it in a comment, in base64, for who needs them.
 */
import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";

import type { FastifyInstance } from "fastify";

import type { Doors } from "../doors.ts";
import { entryNamed } from "../found.ts";
import { Problem } from "../problem.ts";
import type { Asked } from "../schema.ts";
import { asked } from "../shape.ts";
import type { Stream } from "../streams.ts";
import type { LogPiece, LogPosition, View } from "../view.ts";

const LINES = 100;

const NEWLINE = 10;

/** Letters that are told at a time: where an entry has many files, the ids are longer than the lines. */
const ENOUGH = 64 * 1024;

export function logs(app: FastifyInstance, view: View, doors: Doors): void {
  app.get<{ Params: { name: string }; Querystring: Asked<"LogsQuery"> }>("/entries/:name/logs", {
    schema: { querystring: asked("LogsQuery") },
  }, async (request, reply) => {
    const { params: { name }, query: { lines = LINES, follow = "false" }, raw } = request;
    entryNamed(view, name);
    mustBeKept(view, name);
    const from = lastSeen(raw) ?? { lines: Number(lines) };
    // A HEAD is asked for what a GET without `follow` has: it would hold a stream open that nobody reads.
    if (raw.method === "GET" && !["false", "0"].includes(follow)) {
      const { streams } = doors.of(raw.socket);
      const stream = streams.admit("followers", reply.raw);
      reply.hijack();
      void tell(view, stream, name, from);
      return reply;
    }
    const last = await view.logs.last(name, Number(lines));
    void reply.type("text/plain; charset=utf-8").header("log-format", view.logs.format(name));
    if (last.end.length > 0) void reply.header("last-event-id", textOf(last.end));
    if (last.modified !== null) void reply.header("last-modified", new Date(last.modified).toUTCString());
    // A client that goes away before the first byte leaves a generator that never began, and so never ends.
    return reply.send(Readable.from(last.bytes).once("close", () => last.close()));
  });
}

/** Nothing is kept of what goes elsewhere, or nowhere. @throws Problem */
function mustBeKept(view: View, name: string): void {
  const { log } = view.options(name);
  if (log === "none") throw new Problem("E_NOT_KEPT", `the output of \`${name}\` is thrown away: its option \`log\` is "none"`);
  if (log === "inherit") throw new Problem("E_NOT_KEPT", `the output of \`${name}\` goes where that of Sentry goes: its option \`log\` is "inherit"`);
}

async function tell(view: View, stream: Stream, name: string, from: readonly LogPosition[] | { readonly lines: number }): Promise<void> {
  try {
    stream.write(`: format ${view.logs.format(name)}\n\n`);
    for await (const piece of view.logs.follow(name, from, stream.over, stream.last)) {
      if (piece.dropped !== 0) stream.write(`: dropped ${piece.dropped ?? "some"} bytes\n\n`);
      for (const events of eventsOf(piece)) {
        stream.write(events);
        await stream.taken();
      }
    }
  } catch (error) {
    // The machine has said no: no descriptor is free, or fs.inotify.max_user_instances is reached (inotify(7)).
    stream.write(`: failed: ${(error as Error).message.replaceAll(/[\r\n]/g, " ")}\n\n`);
  }
  stream.end();
}

function* eventsOf({ bytes, at, beside }: LogPiece): Generator<string> {
  const others = beside.length === 0 ? "" : `${textOf(beside)}_`;
  let events = "";
  for (let start = 0; start < bytes.length;) {
    const newline = bytes.indexOf(NEWLINE, start);
    const end = newline === -1 ? bytes.length : newline + 1;
    events += eventOf(bytes.subarray(start, newline === -1 ? end : newline), `${others}${at.file}.${at.offset + end}`);
    start = end;
    if (events.length < ENOUGH) continue;
    yield events;
    events = "";
  }
  yield events;
}

function eventOf(line: Buffer, id: string): string {
  const parts = line.toString().split("\r");
  const exact = parts.length === 1 && isUtf8(line) ? "" : `: bytes ${line.toString("base64")}\n`;
  return `id: ${id}\n${exact}${parts.map((part) => `data: ${part}\n`).join("")}\n`;
}

function textOf(positions: readonly LogPosition[]): string {
  return positions.map(({ file, offset }) => `${file}.${offset}`).join("_");
}

function lastSeen({ headers }: IncomingMessage): LogPosition[] | null {
  const text = headers["last-event-id"];
  return text === undefined ? null : String(text).split("_").map(positionIn);
}

/** @throws Problem */
function positionIn(text: string): LogPosition {
  const [, file, offset] = /^([\da-z-]{1,40})\.(\d{1,15})$/.exec(text) ?? [];
  if (file === undefined) throw new Problem("E_USAGE", "Last-Event-ID: must be the id of a line");
  return { file, offset: Number(offset) };
}
