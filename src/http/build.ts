/**
 * The HTTP interface, without a listener: `build(view)` is all routes over what `view` can see. The same app serves
 * each listener; tests inject requests into it.
 */
import fastify from "fastify";
import type { FastifyInstance, HTTPMethods } from "fastify";

import { Problem, problemOf, sendProblem } from "./problem.ts";
import { health } from "./routes/health.ts";
import { processes } from "./routes/processes.ts";
import { stop } from "./routes/stop.ts";
import type { View } from "./view.ts";
import type { Peers } from "./peers.ts";

export function build(view: View, peers: Peers): FastifyInstance {
  const app = fastify({
    frameworkErrors: (error, _request, reply) => void sendProblem(reply, problemOf(error)),
  });
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
  processes(app, view);
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
