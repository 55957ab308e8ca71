/** The interface of the original Sentry (noteed/sentry, 2012), to the letter: what was written for it goes on working. */
import type { FastifyInstance } from "fastify";

import type { Asked } from "../schema.ts";
import { asked } from "../shape.ts";
import type { View } from "../view.ts";
import type { Wishes } from "../wishes.ts";

export function types(app: FastifyInstance, view: View, wishes: Wishes): void {
  app.get("/types", {
    config: { open: "reading" }, schema: { querystring: asked("NoQuery") },
  }, async (_request, reply) => reply.type("text/plain; charset=utf-8").send(typesOf(view)));

  // A scope of its own: nowhere else is there a form, and here is nothing else.
  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("application/x-www-form-urlencoded", { parseAs: "string" }, (_request, text, done) => {
      done(null, fieldsOf(String(text)));
    });
    scope.post<{ Params: { name: string }; Body: Asked<"ScaleForm"> }>("/type/:name", {
      schema: { querystring: asked("NoQuery"), body: asked("ScaleForm") },
    }, async (request, reply) => {
      await wishes.scale(request, request.params.name, Number(request.body.scale), "scale");
      return reply.type("text/plain; charset=utf-8").send("Ok.");
    });
  });
}

/** `1 dummy: sleep 4  -- 1000ms.` */
function typesOf(view: View): string {
  return [...view.engine.state.entries.values()].map(({ law: { name, delay }, count }) => {
    const { command, args } = view.program(name);
    return `${count} ${name}: ${command} ${args.join(" ")}  -- ${delay}ms.\n`;
  }).join("");
}

/** A field that is given more than once becomes a list, as in a query string: so it is no text, and is refused. */
function fieldsOf(form: string): Record<string, string | string[]> {
  const fields = new Map<string, string | string[]>();
  for (const [name, value] of new URLSearchParams(form)) fields.set(name, fields.has(name) ? [value] : value);
  return Object.fromEntries(fields);
}
