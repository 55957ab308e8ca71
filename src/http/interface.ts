/**
 * All that can be asked over HTTP, as openapi.json tells it (openapi.build.ts). A running Sentry does not load this: the routes
 * say the same to fastify in their own words, and a test compares the two, both ways.
 */
import type { Openness } from "./doors.ts";
import type { AnswerName, RequestName } from "./schema.ts";

export interface Operation {
  readonly method: "get" | "post" | "patch";
  /** As OpenAPI writes it: `/entries/{name}`. */
  readonly path: string;
  /** What generated clients call it. */
  readonly id: string;
  readonly summary: string;
  readonly open: Openness;
  readonly query?: RequestName;
  /** Header fields that matter, and what they are for. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: RequestName;
  /** The body is a form, not JSON. */
  readonly form?: true;
  readonly answers: Readonly<Record<number, Answer>>;
  /** Statuses of problems that only some operations have. */
  readonly problems?: readonly number[];
}

export type Answer =
  | { readonly says: string; readonly shape: AnswerName; readonly many: boolean }
  | { readonly says: string; readonly media: readonly string[] };

const one = (shape: AnswerName, says: string): Answer => ({ says, shape, many: false });
const many = (shape: AnswerName, says: string): Answer => ({ says, shape, many: true });
const text = (says: string, ...media: string[]): Answer => ({ says, media });

/** What asks something of the supervisor can come while it leaves, or while too much else waits. */
const asksSupervisor = { open: "token", problems: [409, 429] } as const;

const ofProcess = (verb: string, summary: string, body: RequestName = "Nothing"): Operation => ({
  method: "post", path: `/processes/{id}/${verb}`, id: `${verb}Process`, summary, query: "NoQuery", body, ...asksSupervisor,
  answers: { 200: one("Process", "accepted; the process as it is now") },
});

const ofEntry = (verb: string, summary: string, body: RequestName = "Nothing"): Operation => ({
  method: "post", path: `/entries/{name}/${verb}`, id: `${verb}Entry`, summary, query: "NoQuery", body, ...asksSupervisor,
  answers: { 200: one("Entry", "accepted; the entry as it is now") },
});

export const operations: readonly Operation[] = [
  {
    method: "get", path: "/processes", id: "listProcesses", summary: "All processes, or those of one entry",
    open: "reading", query: "OfEntry", problems: [404],
    answers: { 200: many("Process", "in the order of the configuration, then by slot") },
  },
  {
    method: "get", path: "/processes/{id}", id: "getProcess", summary: "One process",
    open: "reading", query: "NoQuery", answers: { 200: one("Process", "the process") },
  },
  {
    method: "get", path: "/strays", id: "listStrays", summary: "Processes that ours have started, and nothing says which of them did",
    open: "token", query: "NoQuery", answers: { 200: many("Stray", "never signalled; mostly there are none") },
  },
  ofProcess("up", "Have it run"),
  ofProcess("down", "Stop it, and keep it stopped"),
  ofProcess("restart", "Stop it and start it again, without its delay"),
  ofProcess("signal", "Send it a signal", "Signal"),
  {
    method: "get", path: "/entries", id: "listEntries", summary: "What is configured, wanted and running",
    open: "reading", query: "NoQuery", answers: { 200: many("Entry", "in the order of the configuration") },
  },
  {
    method: "get", path: "/entries/{name}", id: "getEntry", summary: "One entry",
    open: "reading", query: "NoQuery", answers: { 200: one("Entry", "the entry") },
  },
  {
    method: "patch", path: "/entries/{name}", id: "scaleEntry", summary: "Have so many processes of it",
    query: "NoQuery", body: "Scale", ...asksSupervisor,
    answers: { 200: one("Entry", "accepted; the entry as it is now") },
  },
  ofEntry("up", "Have all of its processes run"),
  ofEntry("down", "Stop all of its processes, and keep them stopped"),
  ofEntry("restart", "Restart all of its processes, at once or one after the other", "Restart"),
  ofEntry("signal", "Send all of its processes a signal", "Signal"),
  {
    method: "get", path: "/entries/{name}/logs", id: "getLogs", summary: "The newest lines that its processes have printed",
    open: "token", query: "LogsQuery", problems: [429],
    headers: { "Last-Event-ID": "id of the last line that was seen: with `follow`, what came after it comes first" },
    answers: { 200: text("the lines, as the files hold them; with `follow` those to come as well, as server-sent events", "text/plain", "text/event-stream") },
  },
  {
    method: "post", path: "/reload", id: "reload", summary: "Compile and check the configuration, and run with it",
    query: "NoQuery", body: "Nothing", ...asksSupervisor, problems: [409, 422, 429],
    answers: { 202: one("ReloadAccepted", "it is about to be done; the record `reloaded` with that id says that it is") },
  },
  {
    method: "post", path: "/plan", id: "plan", summary: "What a reload would do now",
    open: "token", query: "NoQuery", body: "Nothing", problems: [409, 422, 429],
    answers: { 200: many("Change", "one for each entry") },
  },
  {
    method: "post", path: "/stop", id: "stop", summary: "Stop everything in order, and leave",
    query: "NoQuery", body: "Nothing", ...asksSupervisor,
    answers: { 202: one("StopAccepted", "it has begun; the connection closes when it is done") },
  },
  {
    method: "post", path: "/reload-logs", id: "reloadLogs", summary: "Open log files anew, after they have been moved away",
    open: "token", query: "NoQuery", body: "Nothing", answers: { 200: one("Reopened", "done") },
  },
  {
    method: "get", path: "/events", id: "followEvents", summary: "What happens, as it happens",
    open: "token", query: "NoQuery", headers: { "Last-Event-ID": "id of the last event that was seen: what came after it comes first" },
    problems: [429],
    answers: { 200: text("server-sent events; the data of each is a Record", "text/event-stream") },
  },
  {
    method: "get", path: "/history", id: "readHistory", summary: "What has happened",
    open: "token", query: "HistoryQuery", problems: [404],
    answers: { 200: many("Record", "the newest, oldest first") },
  },
  {
    method: "get", path: "/metrics", id: "readMetrics", summary: "Metrics for Prometheus",
    open: "reading", answers: { 200: text("Prometheus's text format", "text/plain") },
  },
  {
    method: "get", path: "/health", id: "health", summary: "Whether Sentry works",
    open: "always", answers: { 200: one("Health", "it does") },
  },
  {
    method: "get", path: "/ready", id: "ready", summary: "Whether all that is wanted is ready",
    open: "reading", answers: { 200: one("Readiness", "it is"), 503: one("Readiness", "it is not") },
  },
  {
    method: "get", path: "/openapi.json", id: "describe", summary: "This document",
    open: "reading", answers: { 200: text("OpenAPI 3.1", "application/json") },
  },
  {
    method: "get", path: "/types", id: "listTypes", summary: "All entries, as the original Sentry lists them",
    open: "reading", query: "NoQuery", answers: { 200: text("a line each: `1 dummy: sleep 4  -- 1000ms.`", "text/plain") },
  },
  {
    method: "post", path: "/type/{name}", id: "scaleType", summary: "Have so many processes, as the original Sentry is asked",
    query: "NoQuery", body: "ScaleForm", form: true, ...asksSupervisor,
    answers: { 200: text("`Ok.`", "text/plain") },
  },
];
