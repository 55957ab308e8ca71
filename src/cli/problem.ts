/** A problem that a running Sentry has answered with (RFC 9457), as an error of the command. */
import { codeOfProblem, SentryError } from "../errors.ts";
import type { Answer } from "./client.ts";

/** @param asked what it is about: the method, and the path */
export async function problemOf({ status, headers, body }: Answer, asked: string): Promise<SentryError> {
  const { code, detail } = parse(body.toString());
  const meant = codeOfProblem(code, status);
  const what = detail ?? `${asked} was answered with ${status}`;
  // What is wrong to one version may be right to another: an option that it does not know, say.
  if (meant !== "E_VERSION" && meant !== "E_USAGE") return new SentryError(meant, what);
  const { version } = await import("./alone.js");
  const theirs = /^sentry\/(\S+)/.exec(headers.get("server") ?? "")?.[1];
  const ours = version();
  if (theirs === ours || (meant === "E_USAGE" && theirs === undefined)) return new SentryError(meant, what);
  const who = `the running Sentry is ${theirs === undefined ? "of another version" : `version ${theirs}`}, this command is ${ours}`;
  return new SentryError(meant, meant === "E_USAGE" ? `${what} (${who}; sentry reload upgrades it)`
    : `${who}: it does not know this verb (${asked}); sentry reload upgrades it`);
}

/** An answer that is no problem document says no more than its status. */
function parse(body: string): { code?: unknown; detail: string | null } {
  try {
    const { code, detail } = JSON.parse(body) as { code?: unknown; detail?: unknown };
    return { code, detail: typeof detail === "string" ? detail : null };
  } catch {
    return { detail: null };
  }
}
