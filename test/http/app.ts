/** The app over it, for injected requests. */
import { build } from "../../src/http/build.ts";
import { Peers } from "../../src/http/peers.ts";
import type { Law } from "../../src/core/types.ts";
import type { Fate } from "../support/kernel.ts";
import { viewOf } from "./view.ts";

export function served(laws: readonly Law[], fateOf?: () => Fate) {
  const { world, view, bugs } = viewOf(laws, fateOf);
  return { world, view, bugs, app: build(view, new Peers(view)) };
}
