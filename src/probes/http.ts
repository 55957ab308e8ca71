/**
 * Whether a GET is answered with a status from 200 to 399. No redirect is followed, no proxy asked, no connection kept; of the
 * answer, nothing is waited for but its headers: with the end of the look the connection is closed. A certificate has to be one that Node trusts (NODE_EXTRA_CA_CERTS).
 */
import type { Look } from "./look.ts";
import { lookup } from "./lookup.ts";

const HEADERS = { "user-agent": "sentry", "accept": "*/*" };

export function httpLook(url: string): Look {
  const take = async (over: AbortSignal): Promise<string | null> => {
    const { get } = url.startsWith("https:") ? await import("node:https") : await import("node:http");
    return new Promise((resolve, reject) => {
      const request = get(url, { agent: false, headers: HEADERS, lookup, signal: over });
      request.on("socket", (socket) => socket.unref());
      request.on("response", ({ statusCode = 0 }) => resolve(statusCode >= 200 && statusCode < 400 ? null : String(statusCode)));
      request.on("error", reject);
      request.on("close", () => resolve("closed without an answer"));
    });
  };
  return { what: `GET ${withoutPassword(url)}`, take };
}

function withoutPassword(url: string): string {
  const shown = new URL(url);
  shown.username = "";
  shown.password = "";
  return shown.href;
}
