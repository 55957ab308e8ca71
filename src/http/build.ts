/**
 * The HTTP interface, without a listener: `build(view)` is all routes over what `view` can see. The same app serves
 * each listener; tests inject requests into it.
 */
import fastify from "fastify";
import type { FastifyInstance, HTTPMethods } from "fastify";

import { Problem, problemOf, sendProblem } from "./problem.ts";
import { entries } from "./routes/entries.ts";
import { events } from "./routes/events.ts";
import { health } from "./routes/health.ts";
import { history } from "./routes/history.ts";
import { plan } from "./routes/plan.ts";
import { processes } from "./routes/processes.ts";
import { reload } from "./routes/reload.ts";
import { stop } from "./routes/stop.ts";
import type { Peers } from "./peers.ts";
import type { Streams } from "./streams.ts";
import type { View } from "./view.ts";

/** @param peers @param streams of the listener that serves the app */
export function build(view: View, peers: Peers, streams: Streams): FastifyInstance {
  const app = fastify({
    frameworkErrors: (error, _request, reply) => void sendProblem(reply, problemOf(error)),
  });
  app.removeContentTypeParser("text/plain"); // JSON is the only kind of body that there is
  app.setErrorHandler((error: Error, _request, reply) => {
    const problem = problemOf(error);
    if (problem.code === "E_FAILED") view.bug(error, "a request was answered");
    return sendProblem(reply, problem);
  });
  app.setNotFoundHandler((request, reply) =>
    sendProblem(reply, new Problem("E_NO_SUCH_ROUTE", `there is nothing at ${request.url}`)));

  const known = new Map<string, HTTPMethods[]>();
  app.addHook("onRoute", ({ url, method }) => {
    known.set(url, [...(known.get(url) ?? []), ...[method].flat()]);
  });
  health(app);
  processes(app, view, peers);
  entries(app, view, peers);
  history(app, view);
  events(app, view, streams);
  plan(app, view);
  reload(app, view, peers);
  stop(app, view, peers);
  for (const [url, allowed] of [...known]) refuseOthers(app, url, [...new Set(allowed)]);
  return app;
}

/** A known address with another method is 405 and says which it knows (RFC 9110, 15.5.6); fastify alone says 404. */
function refuseOthers(app: FastifyInstance, url: string, allowed: readonly HTTPMethods[]): void {
  const refuse = async (request: { method: string }) => {
    throw new Problem("E_METHOD", `${request.method} is not known here`, allowed);
  };
  const others = app.supportedMethods.filter((method) => !allowed.includes(method));
  // Before the body is read: what is in it does not matter.
  app.route({ method: others, url, onRequest: refuse, handler: refuse });
}
