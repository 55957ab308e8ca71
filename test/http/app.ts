/** The app over it, for injected requests. */
import { build } from "../../src/http/build.ts";
import { Peers } from "../../src/http/peers.ts";
import { Streams } from "../../src/http/streams.ts";
import type { Law } from "../../src/core/types.ts";
import type { Fate } from "../support/kernel.ts";
import { viewOf } from "./view.ts";

export function served(laws: readonly Law[], fateOf?: () => Fate) {
  const { world, past, view, bugs } = viewOf(laws, fateOf);
  return { world, past, view, bugs, app: build(view, new Peers(view), new Streams(view)) };
}
