/** Looking keeps no process alive: in Sentry that is for its threads. Here it is for a timer. */
import { after, before } from "node:test";

export function stayAlive(): void {
  let timer: NodeJS.Timeout;
  before(() => { timer = setInterval(() => {}, 1_000); });
  after(() => clearInterval(timer));
}
