/** Something that answers in place of a Sentry: of another version, say, or one that says what ours never does. */
import { mkdirSync } from "node:fs";
import { createServer } from "node:http";
import type { ServerResponse } from "node:http";
import type { TestContext } from "node:test";

import type { Site } from "./site.ts";

export interface Answering {
  /** What it was asked: `GET /processes`. */
  readonly asked: string[];
}

/** What is to be answered; undefined: there is no such route. A function does what it likes with the response. */
export type Answers = Readonly<Record<string, object | ((response: ServerResponse) => void)>>;

/**
 * On the socket of the site's `sample.ts`.
 * @param version of which it says to be; null: it says nothing of it
 */
export async function answering(t: TestContext, site: Site, answers: Answers, version: string | null = null): Promise<Answering> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    if (version !== null) response.setHeader("server", `sentry/${version}`);
    const answer = answers[`${request.method} ${request.url}`];
    if (typeof answer === "function") return answer(response);
    if (answer === undefined) return problem(response, 404, "E_NO_SUCH_ROUTE", "there is nothing at this address");
    response.setHeader("content-type", "application/json").end(JSON.stringify(answer));
  });
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  mkdirSync(site.path("sample.run"), { recursive: true });
  await new Promise<void>((resolve) => server.listen(site.path("sample.run/socket"), resolve));
  return { asked };
}

export function problem(response: ServerResponse, status: number, code: string, detail: string): void {
  response.writeHead(status, { "content-type": "application/problem+json" })
    .end(JSON.stringify({ type: "about:blank", title: "A problem", status, detail, code }));
}
