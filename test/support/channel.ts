/** The one way by which the fake kernel tells what happens: what was posted first is told first, however long it takes. */
import type { Happening } from "../../src/core/command.ts";
import type { Millis } from "../../src/core/types.ts";
import type { Agenda } from "./agenda.ts";

export class Channel {
  readonly #agenda: Agenda;
  readonly #tell: (fact: Happening) => void;
  #lastTold: Millis = 0;
  /** On its way to whoever listens, with how to keep it from arriving, and what is so once it has. */
  readonly #untold = new Map<Happening, { callOff: () => void; arrived: () => void }>();

  constructor(agenda: Agenda, tell: (fact: Happening) => void) {
    this.#agenda = agenda;
    this.#tell = tell;
  }

  post(after: Millis, fact: Happening, arrived: () => void = () => {}): void {
    this.#lastTold = Math.max(this.#lastTold, this.#agenda.now().mono + after);
    const callOff = this.#agenda.at(this.#lastTold, () => {
      this.#untold.delete(fact);
      arrived();
      this.#tell(fact);
    });
    this.#untold.set(fact, { callOff, arrived });
  }

  /** Nobody listens any more: what was on its way, for whoever comes next. */
  take(): Happening[] {
    const untold = [...this.#untold];
    this.#untold.clear();
    this.#lastTold = 0;
    for (const [, { callOff, arrived }] of untold) {
      callOff();
      arrived();
    }
    return untold.map(([fact]) => fact);
  }
}
