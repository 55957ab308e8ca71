// A bare fastify route that sends the bytes of a file: node fastify.mjs SOCKET FILE. Says when it listens.
import { readFileSync } from "node:fs";

import fastify from "fastify";

const [path, file] = process.argv.slice(2);
const body = readFileSync(file);
const app = fastify();
app.get("/processes", (_request, reply) => reply.type("application/json; charset=utf-8").send(body));
await app.listen({ path });
console.log("listening");
