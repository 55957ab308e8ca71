/** What is asked of a Sentry about its slots, over the socket, as any client would. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
import type { IncomingMessage } from "node:http";

import { history, processes } from "./shown.ts";
import type { Shown } from "./shown.ts";
import type { Site } from "./site.ts";
import { until } from "./until.ts";

/** Asks for what is to be accepted: `POST /processes/web:0/down`. */
export async function ask(site: Site, method: "POST" | "PATCH", path: string, body?: object): Promise<void> {
  const text = body === undefined ? "" : JSON.stringify(body);
  const headers = body === undefined ? {} : { "content-type": "application/json", "content-length": text.length };
  const asked = request({ socketPath: site.path("sample.run/socket"), path, method, headers });
  const [response] = await once(asked.end(text), "response") as [IncomingMessage];
  let answer = "";
  for await (const chunk of response.setEncoding("utf8")) answer += String(chunk);
  assert.equal(response.statusCode, 200, `${method} ${path}: ${answer}`);
}

export async function slot(site: Site, id: string): Promise<Shown> {
  const found = (await processes(site)).find((one) => one.id === id);
  assert(found !== undefined, `there is no ${id}`);
  return found;
}

/** Waits for it, also where Sentry does not answer yet. */
export async function becomes(site: Site, id: string, state: string): Promise<Shown> {
  let latest: unknown = null;
  return until(`${id} is ${state}`, async () => {
    try {
      const shown = await slot(site, id);
      latest = JSON.stringify(shown);
      return shown.state === state && shown;
    } catch (error) {
      latest = error;
      return null;
    }
  }, () => [String(latest), ...history(site).map((line) => JSON.stringify(line))].join("\n"));
}

/** What the history tells of an entry: the types of its records, in their order. */
export function told(site: Site, entry: string): string[] {
  return history(site).filter((line) => line.entry === entry).map(({ type }) => type);
}
