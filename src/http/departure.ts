/**
 * How a listener leaves its connections to the next image of this process. What was asked is answered. A connection on
 * which nothing is asked is not closed, for its client might be asking in that moment: its descriptor is duplicated, and
 * Node closes its own without a shutdown. The client notices nothing; what it asks next lies in the socket until the
 * next image reads it. (So `Connection: close` is not needed, and a client may pipeline.)
 */
import type { Server as HttpServer } from "node:http";
import type { Socket } from "node:net";

import type { Millis } from "../core/types.ts";
import { descriptorOf } from "./connections.ts";
import type { Connections } from "./connections.ts";
import type { View } from "./view.ts";

/** Of a patience. */
const STEPS = 10;

/** Answers all but reloads, and gives the descriptors of what is idle then. What takes longer than that is cut. */
export async function handOver(
  connections: Connections, serving: () => HttpServer | null, view: View, patience: Millis,
): Promise<number[]> {
  const handed: number[] = [];
  const awaited = () => connections.all().filter((socket) => !connections.awaitsReload(socket));
  await until(connections, patience, () => {
    for (const socket of connections.idle(serving())) {
      const fd = duplicate(view, socket);
      socket.destroy();
      if (fd !== null) handed.push(fd);
    }
    return awaited().every(({ destroyed }) => destroyed);
  });
  for (const socket of awaited()) socket.destroy();
  return handed;
}

/** Answers reloads, and whatever else is left. */
export async function finish(connections: Connections, patience: Millis): Promise<void> {
  await until(connections, patience, () => connections.all().length === 0);
  for (const socket of connections.all()) socket.destroy();
}

/**
 * Looks whenever something has changed; once, where many connections have closed at the same time. The patience is counted
 * in steps: on a machine that does not let us run for a second all of it would be over at once, before we have read what
 * has come meanwhile, for Node looks at timers first. So such a time counts as one step.
 */
function until(connections: Connections, patience: Millis, done: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    let next: NodeJS.Immediate | null = null;
    let steps = 0;
    const end = (): void => {
      clearInterval(timer);
      if (next !== null) clearImmediate(next);
      connections.changed = () => {};
      resolve();
    };
    const look = (): void => {
      next = null;
      if (done()) end();
    };
    const timer = setInterval(() => { if (++steps === STEPS) end(); }, patience / STEPS);
    connections.changed = () => { next ??= setImmediate(look); };
    look();
  });
}

/** Where there are no more descriptors the connection is closed: between two requests a client must expect that. */
function duplicate(view: View, socket: Socket): number | null {
  const fd = descriptorOf(socket);
  try {
    return fd === null ? null : view.duplicate(fd);
  } catch (error) {
    view.bug(error, "a connection was to be handed over");
    return null;
  }
}
