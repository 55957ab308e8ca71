import assert from "node:assert/strict";
import { test } from "node:test";

import type { EntryShown, ProcessShown } from "../../src/http/schema.ts";
import { law } from "../support/world.ts";
import { served } from "./app.ts";

for (const [title, spelled, name] of [
  ["by its name", "SIGHUP", "SIGHUP"], ["by its short name", "HUP", "SIGHUP"], ["in small letters", "usr1", "SIGUSR1"],
  ["that is the strongest", "KILL", "SIGKILL"], ["by its other name", "SIGPOLL", "SIGIO"],
  ["of the real-time ones", "SIGRTMIN", "SIGRTMIN"], ["by its short name, of those", "rtmin+1", "SIGRTMIN+1"], ["that is the last of those", "SIGRTMIN+29", "SIGRTMIN+29"],
] as const) {
  test(`a signal is sent ${title}, to a process or to all of an entry`, async () => {
    const { app, world } = served([law("dummy", { count: 2 })]);
    const post = (url: string) => app.inject({ method: "POST", url, payload: { signal: spelled } });
    const answer = await post("/processes/102/signal");
    assert.deepEqual([answer.statusCode, answer.json<ProcessShown>().id], [200, "dummy:1"]);
    assert.deepEqual(world.kernel.signals, [`dummy:1 ${name}`]);
    assert.equal((await post("/entries/dummy/signal")).json<EntryShown>().name, "dummy");
    assert.deepEqual(world.kernel.signals.slice(1), [`dummy:0 ${name}`, `dummy:1 ${name}`]);
  });
}

test("a signal that there is not is refused with all that there are, and nothing is sent", async () => {
  const { app, world } = served([law("dummy")]);
  for (const signal of ["SIGNOPE", "9", "TERM ", "toString", "SIGRTMIN+0", "SIGRTMIN+30", "SIGTERM+1"]) {
    for (const of of ["/processes/dummy:0", "/entries/dummy"]) {
      const answer = await app.inject({ method: "POST", url: `${of}/signal`, payload: { signal } });
      assert.equal(answer.statusCode, 400);
      assert.match(answer.json<{ detail: string }>().detail, /^signal: must be one of SIGHUP, SIGINT, .*SIGTERM.*SIGSYS, SIGRTMIN, SIGRTMIN\+1 to SIGRTMIN\+29$/);
    }
  }
  assert.deepEqual(world.kernel.signals, []);
});
