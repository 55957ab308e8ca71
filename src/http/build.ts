/**
 * The HTTP interface, without a listener: `build(view, doors)` is all routes over what `view` can see. The same app
 * serves each listener, and each connection has come through the door of one; tests inject requests.
 *
 * The order of a request: the door is asked before anything of the body is read, and before it is said whether there
 * is such a route; then the shape is checked; then the route does what it does.
 */
import type { IncomingMessage } from "node:http";

import fastify from "fastify";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

import { Addresses } from "./addresses.ts";
import { Board } from "./board.ts";
import type { Doors, Openness } from "./doors.ts";
import { MOST_BYTES, Problem, problemOf, sendProblem } from "./problem.ts";
import { entries } from "./routes/entries.ts";
import { events } from "./routes/events.ts";
import { health } from "./routes/health.ts";
import { history } from "./routes/history.ts";
import { logs } from "./routes/logs.ts";
import { metrics } from "./routes/metrics.ts";
import { openapi } from "./routes/openapi.ts";
import { plan } from "./routes/plan.ts";
import { processes } from "./routes/processes.ts";
import { reloadLogs } from "./routes/reload-logs.ts";
import { reload } from "./routes/reload.ts";
import { stop } from "./routes/stop.ts";
import { strays } from "./routes/strays.ts";
import { types } from "./routes/types.ts";
import { schemaController } from "./shape.ts";
import { Usage } from "./usage.ts";
import type { View } from "./view.ts";
import { Wishes } from "./wishes.ts";

/** No name is that long, nor can a request line be: whatever is asked for, the routes say that they do not know it. */
const MOST_LETTERS = 64 * 1024;

export function build(view: View, doors: Doors): FastifyInstance {
  const addresses = new Addresses();
  const app = fastify({
    bodyLimit: MOST_BYTES, schemaController, routerOptions: { maxParamLength: MOST_LETTERS },
    // An address that cannot be decoded meets no hook.
    frameworkErrors(error, request, reply) {
      greet(request, reply);
      sendProblem(reply, refusalOf(request, "token") ?? problemOf(error));
    },
  });

  // As a header can hold it.
  const config = encodeURIComponent(view.config);

  function greet({ raw }: FastifyRequest, reply: FastifyReply): void {
    reply.headers({ "cache-control": "no-store", "x-content-type-options": "nosniff" });
    // The command says so where it is of another version, or asks for another configuration. Who comes over TCP has no
    // use for that; but where a program that listens is known by its version, so are its faults.
    if (isOverSocket(raw)) reply.headers({ "server": `sentry/${view.version}`, "sentry-config": config, "sentry-pid": process.pid });
  }

  /** Two configurations may have come to the same run folder. Who says which one is meant is not to meet the other's Sentry. */
  function misdirected({ raw }: FastifyRequest): Problem | null {
    const { "sentry-config": meant = config } = raw.headers;
    return meant === config || !isOverSocket(raw) ? null : new Problem("E_NOT_RUNNING", `Sentry runs here for ${view.config}`);
  }

  function refusalOf({ raw }: FastifyRequest, openness: Openness): Problem | null {
    return doors.of(raw.socket).refusal(raw, openness);
  }

  app.addHook("onRoute", (route) => addresses.add(route));
  app.addHook("onRequest", (request, reply, done) => {
    greet(request, reply);
    const { is404, method, url } = request;
    const openness = is404 ? addresses.opennessOf(url) : request.routeOptions.config.open ?? "token";
    const wrong = is404 ? addresses.refusalOf(method, url) : undecodable(url);
    // Who may not know what there is here is not told that either.
    done(refusalOf(request, openness) ?? misdirected(request) ?? wrong ?? undefined);
  });
  app.setErrorHandler((error: Error, request, reply) => {
    const problem = problemOf(error);
    if (problem.code === "E_FAILED") view.bug(error, `${request.method} ${request.routeOptions.url} was answered`);
    return sendProblem(reply, problem);
  });
  app.removeContentTypeParser("text/plain"); // JSON is the only kind of body that there is
  const parse = app.getDefaultJsonParser("error", "error");
  app.addContentTypeParser("application/json", { parseAs: "string" }, (request, text: string, done) => {
    if (text === "") done(null); // none, though its kind was said: some clients always do
    else void parse(request, text, done);
  });

  const usage = new Usage(view);
  const wishes = new Wishes(view, doors);
  health(app, view);
  processes(app, view, new Board(view, usage), wishes);
  strays(app, view);
  entries(app, view, wishes);
  logs(app, view, doors);
  history(app, view);
  events(app, view, doors);
  metrics(app, view, usage);
  openapi(app, view);
  plan(app, view);
  reload(app, view, doors);
  reloadLogs(app, view);
  stop(app, doors, wishes);
  types(app, view, wishes);
  return app;
}

/** Only a Unix socket's peer has no address. */
function isOverSocket({ socket }: IncomingMessage): boolean {
  return socket.remoteAddress === undefined;
}

/** The router has looked at the path alone. */
function undecodable(url: string): Problem | null {
  try {
    decodeURIComponent(url);
    return null;
  } catch {
    return new Problem("E_USAGE", "the query string is not percent-encoded as it should be");
  }
}
