/** The app over it, for injected requests. All come through one door. */
import type { IncomingMessage } from "node:http";

import { build } from "../../src/http/build.ts";
import { Connections } from "../../src/http/connections.ts";
import { Doors } from "../../src/http/doors.ts";
import type { Door, Openness } from "../../src/http/doors.ts";
import { limitsOf } from "../../src/http/limits.ts";
import type { Problem } from "../../src/http/problem.ts";
import { Streams } from "../../src/http/streams.ts";
import type { Law } from "../../src/core/types.ts";
import { someone } from "../support/world.ts";
import { viewOf } from "./view.ts";
import type { FateOf } from "./view.ts";

class OneDoor extends Doors implements Door {
  readonly streams: Streams;
  readonly connections = new Connections();
  /** What it was asked, and what it says. */
  readonly asked: Openness[] = [];
  says: Problem | null = null;

  constructor(streams: Streams) {
    super();
    this.streams = streams;
  }

  override of(): Door {
    return this;
  }

  refusal(_request: IncomingMessage, openness: Openness): Problem | null {
    this.asked.push(openness);
    return this.says;
  }

  by() {
    return someone;
  }
}

export function served(laws: readonly Law[], fateOf?: FateOf) {
  const seen = viewOf(laws, fateOf);
  const door = new OneDoor(new Streams(seen.view, limitsOf("socket")));
  return { ...seen, door, app: build(seen.view, door) };
}
