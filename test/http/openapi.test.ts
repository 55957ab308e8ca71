import { strict as assert } from "node:assert";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { test } from "node:test";
import { createConfig, lintFromString } from "@redocly/openapi-core";
import type { FastifyInstance, RouteOptions } from "fastify";
import { Type } from "typebox";
import type { TSchema } from "typebox";
import { Errors } from "typebox/value";

import type { Openness } from "../../src/http/doors.ts";
import { operations } from "../../src/http/interface.ts";
import type { Operation } from "../../src/http/interface.ts";
import { document } from "../../src/http/openapi.build.ts";
import { answers } from "../../src/http/schema.ts";
import { answered, answeredList, asked } from "../../src/http/shape.ts";
import { law } from "../support/world.ts";
import { served } from "./app.ts";

/** All routes of the app, but for the HEADs that fastify itself adds to GETs. */
async function routesOfApp(): Promise<Map<string, RouteOptions>> {
  const routes = new Map<string, RouteOptions>();
  const watch = (message: unknown): void => {
    (message as { fastify: FastifyInstance }).fastify.addHook("onRoute", (route) => {
      for (const method of [route.method].flat()) if (method !== "HEAD") routes.set(`${method} ${route.url}`, route);
    });
  };
  subscribe("fastify.initialization", watch);
  const { app } = served([]);
  unsubscribe("fastify.initialization", watch);
  await app.ready();
  return routes;
}

/** As fastify spells it. */
function routeOf({ method, path }: Operation): string {
  return `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ":$1")}`;
}

test("the document tells of every route, and of no other", async () => {
  assert.deepEqual(operations.map(routeOf).sort(), [...(await routesOfApp()).keys()].sort());
});

test("the document says of each route what the route itself says: what it is asked with, and how much it gives away", async () => {
  const routes = await routesOfApp();
  for (const operation of operations) {
    const { schema, config } = routes.get(routeOf(operation))!;
    const { open = "token" } = (config ?? {}) as { open?: Openness };
    const { query, body } = operation;
    assert.deepEqual(
      { open, query: schema?.querystring, body: schema?.body },
      { open: operation.open, query: query && asked(query), body: body && asked(body) }, routeOf(operation),
    );
  }
});

test("the document says of each answer what the route itself says, where that is written by its shape", async () => {
  const routes = await routesOfApp();
  for (const operation of operations) {
    const shapes = (routes.get(routeOf(operation))!.schema?.response ?? {}) as Record<number, unknown>;
    for (const [status, shape] of Object.entries(shapes)) {
      const said = operation.answers[Number(status)];
      assert.ok(said !== undefined && "shape" in said, `${routeOf(operation)} answers ${status}`);
      assert.deepEqual(said.many ? answeredList(said.shape) : answered(said.shape), shape, routeOf(operation));
    }
  }
});

test("what a GET answers is of the kind and shape that the document says", async () => {
  const { app, world } = served([law("dummy")]);
  world.end("dummy:0", { code: 3 }).pass(1000);
  const gets = operations.filter(({ method, path }) => method === "get" && path !== "/events"); // that would not end
  for (const operation of gets) {
    const said = operation.answers[200]!;
    const answer = await app.inject(operation.path.replace("{name}", "dummy").replace("{id}", "dummy:0"));
    assert.equal(answer.statusCode, 200, routeOf(operation));
    const [media = "application/json"] = "media" in said ? said.media : [];
    assert.equal(String(answer.headers["content-type"]).split(";")[0], media, routeOf(operation));
    if (!("shape" in said)) continue;
    const schema: TSchema = said.many ? Type.Array(answers[said.shape]) : answers[said.shape];
    assert.deepEqual(Errors(schema, answer.json()), [], routeOf(operation));
  }
});

test("the document is valid OpenAPI 3.1, and a linter has nothing to say about it", async () => {
  const config = await createConfig({ extends: ["recommended-strict"] });
  const lint = (source: string) => lintFromString({ source, absoluteRef: "/openapi.json", config });
  const source = JSON.stringify(document("1.2.3"));
  assert.deepEqual((await lint(source)).map(({ message, location }) => ({ message, at: location[0]?.pointer })), []);
  assert.notDeepEqual(await lint(source.replace('"type":"string"', '"type":"text"')), []);
});

test("the document is sent as it was written", async () => {
  const { app, view } = served([]);
  const answer = await app.inject("/openapi.json");
  assert.equal(answer.headers["content-type"], "application/json; charset=utf-8");
  assert.deepEqual(answer.rawPayload, view.openapi());
});
