/**
 * A process that serves the listening socket in descriptor 3, and answers each line on stdin with what it holds:
 * `{ fastify, timers, periodic, by }`. After the line `drain` its listener has left.
 */
import { createHook } from "node:async_hooks";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

import { Http } from "../../src/http/listener.ts";
import { longLife } from "../support/kernel.ts";
import { law } from "../support/world.ts";
import { viewOf } from "./view.ts";

const timers = new Map<number, "once" | "periodic">();
createHook({
  init: (id, type, _trigger, timer: { _repeat?: number | null }) => {
    if (type === "Timeout") timers.set(id, typeof timer._repeat === "number" ? "periodic" : "once");
  },
  destroy: (id) => { timers.delete(id); },
}).enable();

const { cache } = createRequire(import.meta.url);
const { world, view } = viewOf([law("dummy")], () => ({ ...longLife, heedsAfter: null }));
const http = new Http(view, () => import("../../src/http/serving.ts"));
const listener = http.listen({ kind: "socket", fd: 3, left: [] });

createInterface({ input: process.stdin }).on("line", (line) => void answer(line)).on("close", () => process.exit());

async function answer(line: string): Promise<void> {
  if (line === "drain") await listener.drain(1000);
  const fastify = Object.keys(cache).some((path) => path.includes("/node_modules/fastify/"));
  const { by } = world.records.at(-1) ?? { by: null };
  const periodic = [...timers.values()].filter((kind) => kind === "periodic").length;
  console.log(JSON.stringify({ fastify, timers: timers.size, periodic, by }));
}
