/** Listeners that follow one another on the same socket, as the images of a Sentry do. */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";

import { Http } from "../../src/http/listener.ts";
import type { Listener } from "../../src/http/listener.ts";
import { loadAddon } from "../../src/native/load.ts";
import { law } from "../support/world.ts";
import { ways } from "./opened.ts";
import { viewOf } from "./view.ts";

export const PATIENCE = 30_000;
export const SWITCHES = 20;

/** One listener after the other on a socket. */
export class Images {
  readonly of = viewOf([law("dummy")]);
  /** How many connections were handed over, at each switch. */
  readonly handed: number[] = [];
  readonly #fd: number;
  readonly #kind: "socket" | "tcp";
  #now: Listener;

  constructor(t: TestContext, fd: number, kind: "socket" | "tcp" = "socket") {
    this.#fd = fd;
    this.#kind = kind;
    this.#now = this.#listen([]);
    t.after(async () => {
      for (const connection of await this.#now.drain(0)) loadAddon().close(connection);
      await this.#now.finish(0);
      loadAddon().close(fd);
      assert.deepEqual(this.of.bugs, []);
    });
  }

  get now(): Listener {
    return this.#now;
  }

  async switch(patience = PATIENCE): Promise<void> {
    const left = await this.#now.drain(patience);
    await this.#now.finish(patience);
    this.follow(left);
  }

  /** The next one, with these connections of the one before. */
  follow(left: readonly number[]): void {
    this.handed.push(left.length);
    this.#now = this.#listen(left);
  }

  #listen(left: readonly number[]): Listener {
    const http = new Http(this.of.view, () => import("../../src/http/serving.ts"));
    return http.listen({ ...ways[this.#kind], fd: loadAddon().duplicate(this.#fd), left });
  }
}

/** Asks until it is told to stop, which is when all switches are done. */
export async function hammering(images: Images, askOnce: () => Promise<unknown>, clients = 1): Promise<number> {
  let over = false;
  let asked = 0;
  const client = async (): Promise<void> => {
    while (!over) {
      await askOnce();
      asked++;
    }
  };
  const all = Promise.all(Array.from({ length: clients }, client));
  for (let n = 0; n < SWITCHES; n++) {
    const before = asked;
    await images.switch();
    await Promise.race([untilTrue(() => asked > before), all]);
  }
  over = true;
  await all;
  return asked;
}

export async function untilTrue(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}
