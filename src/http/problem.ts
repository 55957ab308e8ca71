/** Errors as they are told over HTTP: RFC 9457, with a `code` that does not change from version to version. */
import type { FastifyError, FastifyReply } from "fastify";

import type { Outcome } from "../engine/engine.ts";

/**
 * What HTTP can answer with instead of what was asked for. The codes that the command has an exit code for are those of
 * `errors.ts`.
 */
export const PROBLEMS = {
  E_USAGE: [400, "The request is wrong"],
  E_UNAUTHORIZED: [401, "This asks for the token"],
  E_FORBIDDEN: [403, "The request does not come from where it may come from"],
  E_NO_SUCH_ROUTE: [404, "There is nothing at this address"],
  E_NO_SUCH_ENTRY: [404, "There is no such entry"],
  E_NO_SUCH_SLOT: [404, "There is no such process"],
  E_NOT_KEPT: [404, "Nothing is kept of this output"],
  E_METHOD: [405, "This address does not know that method"],
  E_TIMEOUT: [408, "The request took too long to come"],
  E_REFUSED: [409, "Sentry is stopping or reloading"],
  E_TOO_LARGE: [413, "The request is too large"],
  E_MEDIA_TYPE: [415, "The request has a body of a kind that is not known here"],
  E_NOT_RUNNING: [421, "Sentry runs here for another configuration"],
  E_CONFIG_INVALID: [422, "The configuration cannot be used"],
  E_BUSY: [429, "Too many at a time"],
  E_HEADER_TOO_LARGE: [431, "The header of the request is too large"],
  E_FAILED: [500, "Sentry has a bug"],
} as const satisfies Record<string, readonly [number, string]>;

export type ProblemCode = keyof typeof PROBLEMS;

/** More than any request here needs. */
export const MOST_BYTES = 64 * 1024;

/** Names are shorter. */
const MOST_LETTERS = 100;

export class Problem extends Error {
  readonly code: ProblemCode;
  readonly status: number;
  readonly title: string;
  /** For 405: what would be allowed. */
  readonly allow: readonly string[] | null;

  constructor(code: ProblemCode, detail: string, allow: readonly string[] | null = null) {
    super(detail);
    [this.status, this.title] = PROBLEMS[code];
    this.code = code;
    this.allow = allow;
  }
}

/** What fastify itself finds wrong with a request, in our words. All else is a bug, and what it says is told to nobody. */
export function problemOf(error: Error | FastifyError): Problem {
  if (error instanceof Problem) return error;
  switch ("statusCode" in error ? error.statusCode : 500) {
    case 400: return new Problem("E_USAGE", error.message);
    case 413: return new Problem("E_TOO_LARGE", `a body may have at most ${MOST_BYTES} bytes`);
    case 415: return new Problem("E_MEDIA_TYPE", "a body is application/json, and that of POST /type/{name} application/x-www-form-urlencoded");
    default: return new Problem("E_FAILED", "what went wrong stands in Sentry's own output");
  }
}

/** What somebody has sent, as it is told back: not in full, whatever it is. */
export function shortened(text: string): string {
  return text.length <= MOST_LETTERS ? text : `${text.slice(0, MOST_LETTERS)}…`;
}

type Refused = Extract<Outcome, { kind: "refused" }>;

/** A request that was understood, but that the state of things says no to. */
export function problemOfRefusal({ why }: Refused): Problem {
  switch (why) {
    case "noSuchEntry": return new Problem("E_NO_SUCH_ENTRY", "there is no entry of that name");
    case "noSuchSlot": return new Problem("E_NO_SUCH_SLOT", "there is no slot of that name and number");
    case "leaving": return new Problem("E_REFUSED", "Sentry itself is stopping");
    case "reloading": return new Problem("E_REFUSED", "Sentry is reloading; try again in a moment");
    case "busy": return new Problem("E_BUSY", "more requests wait than Sentry takes; try again in a moment");
  }
}

export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  const { status, title, code, message: detail, allow } = problem;
  if (allow !== null) reply.header("allow", allow.join(", "));
  if (status === 401) reply.header("www-authenticate", "Bearer"); // RFC 9110, 11.6.1
  return reply.code(status).type("application/problem+json").send({ type: "about:blank", title, status, detail, code });
}
