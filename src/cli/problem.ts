/** A problem that a running Sentry has answered with (RFC 9457), as an error of the command. */
import { codeOfProblem, SentryError } from "../errors.ts";
import type { Answer } from "./client.ts";
import { placeOf } from "./place.ts";
import type { Place } from "./place.ts";

/** For which configuration a Sentry runs, as it says itself. */
export interface Whose {
  readonly config: string;
  readonly pid: string;
}

/** @param asked what it is about: the method, and the path */
export async function problemOf({ status, headers, body }: Answer, asked: string, place: Place): Promise<SentryError> {
  const { code, detail } = parse(body.toString());
  const meant = codeOfProblem(code, status);
  const what = detail ?? `${asked} was answered with ${status}`;
  const whose = whoseOf(headers);
  if (meant === "E_NOT_RUNNING" && whose !== null) return new SentryError(meant, runsForAnother(place, whose));
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

/** Null: it is older than this command, and does not say. */
export function whoseOf(headers: Answer["headers"]): Whose | null {
  const [config, pid] = [headers.get("sentry-config"), headers.get("sentry-pid")];
  return config === undefined || pid === undefined ? null : { config: decodeURIComponent(config), pid };
}

function runsForAnother({ config, socket, runFolder }: Place, whose: Whose): string {
  const runDir = placeOf(whose.config, undefined).runFolder === runFolder ? "" : ` --run-dir ${runFolder}`;
  return `no Sentry runs for ${config}: the one at ${socket} (PID: ${whose.pid}) runs for ${whose.config}; `
    + `to ask that one, say -c ${whose.config}${runDir}`;
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
