/** Sockets that Sentry listens on for an entry stay as they are, whatever becomes of Sentry: no client sees a gap. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { createInterface } from "node:readline";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";

import type { Sentry } from "../support/sentry.ts";
import { stateOf } from "../support/shown.ts";
import { Site } from "../support/site.ts";
import { until } from "../support/until.ts";

/** Says a line to a server of test/fixtures/serves.mjs, and gives the PID of who has answered. */
class Client {
  readonly socket: Socket;
  readonly #lines: AsyncIterator<string>;
  #said = 0;

  constructor(port: number) {
    this.socket = connect(port, "127.0.0.1");
    this.#lines = createInterface({ input: this.socket })[Symbol.asyncIterator]();
  }

  async ask(): Promise<number> {
    this.socket.write(`${++this.#said}\n`);
    const [pid, n] = String((await this.#lines.next()).value).split(" ");
    assert.equal(Number(n), this.#said);
    return Number(pid);
  }
}

async function serving(t: TestContext): Promise<{ site: Site; sentry: Sentry; port: number; pid: number }> {
  const site = new Site(t);
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const { port } = taken.address() as AddressInfo;
  taken.close();
  await once(taken, "close");
  site.config(`entry("web", ${site.fixture("serves.mjs")}, { listen: "127.0.0.1:${port}", delay: 10 })`);
  const sentry = site.start();
  const pid = await sentry.started("web");
  await sentry.line(/ serves$/);
  return { site, sentry, port, pid };
}

suite("a listening socket", { concurrency: 2 }, () => {
  test("is the same after a reload: who is connected stays so, and who connects meanwhile is served", async (t) => {
    const { site, sentry, port, pid } = await serving(t);
    const client = new Client(port);
    assert.equal(await client.ask(), pid);
    const reload = site.sentry(["reload", "sample.ts"]);
    let asked = 0;
    const asking = (async () => {
      for (let over = false; !over;) {
        over = sentry.lines.some((line) => line.startsWith("Sentry reexec'd"));
        const newcomer = new Client(port);
        assert.equal(await newcomer.ask(), pid);
        newcomer.socket.destroy();
        asked++;
      }
    })();
    await asking;
    assert.equal((await reload).code, 0);
    assert.ok(asked > 1);
    assert.equal(await client.ask(), pid);
    client.socket.destroy();
    // A process that is started by the new image gets the socket as the one before did.
    process.kill(pid, "SIGKILL");
    const next = await sentry.started("web");
    assert.equal(await new Client(port).ask(), next);
    await sentry.stop();
  });

  test("is the same over a SIGKILL of Sentry and a start", async (t) => {
    const { site, sentry, port, pid } = await serving(t);
    const client = new Client(port);
    assert.equal(await client.ask(), pid);
    sentry.kill("SIGKILL");
    await until("Sentry is gone", () => [null, "Z"].includes(stateOf(sentry.pid)));
    assert.equal(await client.ask(), pid);
    assert.equal(await new Client(port).ask(), pid, "who connects while there is no Sentry is served");
    const second = site.start();
    await second.line(/^Sentry took over 1 process of PID/);
    assert.equal(await client.ask(), pid);
    client.socket.destroy();
    process.kill(pid, "SIGKILL");
    const next = await second.started("web");
    assert.equal(await new Client(port).ask(), next);
    await second.stop();
  });

  test("keeps those who connect while neither Sentry nor the process is there: they are served after the start", async (t) => {
    const { site, sentry, port, pid } = await serving(t);
    sentry.kill("SIGKILL");
    await until("Sentry is gone", () => [null, "Z"].includes(stateOf(sentry.pid)));
    process.kill(pid, "SIGKILL");
    await until("the process is gone", () => [null, "Z"].includes(stateOf(pid)));
    const client = new Client(port);
    await once(client.socket, "connect");
    const answer = client.ask();
    const second = site.start();
    assert.equal(await answer, await second.started("web"));
    await second.stop();
  });

  test("is closed when the configuration has it no more, and opened when it has another", async (t) => {
    const { site, sentry, port } = await serving(t);
    site.config('entry("web", "sleep", ["1000"])');
    assert.equal((await site.sentry(["reload", "sample.ts"])).code, 0);
    await sentry.started("web");
    await until("nobody listens there any more", () => isRefused(port));
    site.config(`entry("web", ${site.fixture("serves.mjs")}, { listen: "127.0.0.1:${port}" })`);
    assert.equal((await site.sentry(["reload", "sample.ts"])).code, 0);
    const pid = await sentry.started("web");
    assert.equal(await new Client(port).ask(), pid);
    await sentry.stop();
  });
});

function isRefused(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("connect", () => { socket.destroy(); resolve(false); });
    socket.on("error", () => resolve(true));
  });
}
