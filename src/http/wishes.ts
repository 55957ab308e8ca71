/** What a request asks of the engine. Accepted is all that it says: what comes of it, the history tells. */
import type { FastifyRequest } from "fastify";

import type { Ask } from "../engine/engine.ts";
import type { Doors } from "./doors.ts";
import { entryNamed } from "./found.ts";
import { Problem, problemOfRefusal } from "./problem.ts";
import type { View } from "./view.ts";

type Unsigned<Each> = Each extends Ask ? Omit<Each, "by"> : never;

/** As a route makes it; who asks, the door knows. */
export type Wish = Unsigned<Ask>;

export class Wishes {
  readonly #view: View;
  readonly #doors: Doors;

  constructor(view: View, doors: Doors) {
    this.#view = view;
    this.#doors = doors;
  }

  /** @throws Problem where it is refused */
  async ask({ raw }: FastifyRequest, wish: Wish): Promise<void> {
    const outcome = await this.#view.engine.ask({ ...wish, by: this.#doors.of(raw.socket).by(raw) });
    if (outcome.kind === "refused") throw problemOfRefusal(outcome);
  }

  /**
   * @param field in which the count was given
   * @throws Problem as well for more than an entry may have, and for one that is not there
   */
  async scale(request: FastifyRequest, entry: string, count: number, field: "count" | "scale"): Promise<void> {
    const { maxCount } = this.#view;
    entryNamed(this.#view, entry);
    if (count > maxCount) throw new Problem("E_USAGE", `${field}: must be a whole number from 0 to ${maxCount}`);
    await this.ask(request, { kind: "scale", entry, count });
  }
}
