/** The ways in which a Sentry is killed. */
import { setTimeout as pause } from "node:timers/promises";

import { until } from "../../support/until.ts";
import type { Dice } from "./dice.ts";
import type { Experiment } from "./experiment.ts";
import { childrenOf, isAlive, send } from "./found.ts";
import { request } from "./request.ts";

/** Of what happens often, one of the first few times. */
const OFTEN = /^(hold-output|cloned|hold-process|spawned|peeked|reap|reaped|released|history-append|history-appended)$/;

/** In milliseconds: how long it runs at most, and how long it takes to be there. */
const LONGEST_RUN = 500;
const LONGEST_START = 400;

/** How long it is given to come to a point before it is told to reload, again and again. */
const BEFORE_RELOAD = 300;

/** Starts it with a point to die at, and waits until it has. What only a reload comes to, it is made to come to. */
export async function dieAt(experiment: Experiment, point: string, dice: Dice): Promise<void> {
  const where = OFTEN.test(point) ? `${point}:${dice.whole(1, 6)}` : point;
  const command = experiment.launch({ SENTRY_DIE_AT: where });
  const { code } = await command.ended;
  if (code === 0) {
    experiment.isStarted();
    const { pid } = experiment;
    let told = performance.now();
    await until(`Sentry comes to ${where}`, () => {
      if (!isAlive(pid)) return true;
      if (performance.now() - told > BEFORE_RELOAD) {
        send(pid, "SIGHUP");
        told = performance.now();
      }
      return false;
    });
  } else if (!command.stderr.includes("ended before it had started")) {
    experiment.faults.push(`a start that was to die at ${where} failed: exit code ${code}: ${command.stderr}`);
  }
  experiment.died(where);
}

/** A start and a SIGKILL: mostly some time after it, now and then in the midst of it. */
export async function dieAtRandom(experiment: Experiment, dice: Dice): Promise<void> {
  if (dice.chance(0.2)) return dieWhileStarting(experiment, dice.whole(0, LONGEST_START));
  await experiment.start();
  const wish = dice.chance(0.3) ? await scale(experiment, dice.whole(1, 3)) : null;
  await pause(dice.whole(0, LONGEST_RUN));
  await experiment.crash();
  if (wish !== null) await seeThatItHolds(experiment, wish);
}

async function dieWhileStarting(experiment: Experiment, after: number): Promise<void> {
  const command = experiment.launch();
  let code: number | null | undefined;
  const ended = command.ended.then((end) => { code = end.code; });
  const pid = await until("it begins, or has begun", () => (code === undefined ? childrenOf(command.pid)[0] : experiment.pid));
  await Promise.race([pause(after), ended]);
  if (code === undefined) {
    await experiment.kill(pid, `random, ${after} ms after it began`);
    return ended;
  }
  if (code !== 0) throw new Error(`sentry start: exit code ${code}: ${command.stderr}`);
  experiment.isStarted();
  await experiment.crash();
}

/** Scaled by somebody, who was told that it is accepted. */
async function scale({ socket, faults }: Experiment, count: number): Promise<number> {
  const { status, body } = await request(socket, { method: "PATCH", path: "/entries/steady", body: { count } });
  if (status < 200 || status >= 300) faults.push(`steady was not scaled to ${count}: ${status} ${body}`);
  return count;
}

async function seeThatItHolds(experiment: Experiment, count: number): Promise<void> {
  await experiment.start();
  const { body } = await request(experiment.socket, { path: "/entries/steady" });
  const found = (JSON.parse(body) as { count: number }).count;
  const when = `after kill ${experiment.gaps.length}`;
  if (found !== count) experiment.faults.push(`steady was scaled to ${count}, and ${when} its count is ${found}`);
  await experiment.crash("random, just after a take-over");
}
