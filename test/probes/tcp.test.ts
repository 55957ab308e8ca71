/** Looks by connecting. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import { test } from "node:test";

import { within } from "../../src/probes/look.ts";
import { isItself, tcpLook } from "../../src/probes/tcp.ts";
import { until } from "../support/until.ts";
import { stayAlive } from "./alive.ts";
import { freePort, tcpServer } from "./servers.ts";

stayAlive();

const never = new AbortController().signal;

test("a server that accepts a connection is well, and the connection is closed at once", async (t) => {
  const { port, open, count } = await tcpServer(t);
  assert.equal(await within(5_000, tcpLook("127.0.0.1", port), never), null);
  await until("the server has seen it come", () => count() === 1);
  await until("the server has seen it go", () => open.size === 0);
});

test("a name is looked up, and each of its addresses tried", async (t) => {
  const { port } = await tcpServer(t);
  assert.equal(await within(5_000, tcpLook("localhost", port), never), null);
});

const hasIPv6 = Object.values(networkInterfaces()).flat().some((one) => one?.address === "::1");

test("localhost is both addresses of this machine, whatever its files say", { skip: !hasIPv6 && "there is no IPv6" }, async (t) => {
  for (const host of ["127.0.0.1", "::1"]) {
    const { port } = await tcpServer(t, host);
    assert.equal(await within(5_000, tcpLook("localhost", port), never), null);
  }
});

test("several looks at the same name at once are all answered", async (t) => {
  const { port } = await tcpServer(t);
  const looks = Array.from({ length: 8 }, () => within(5_000, tcpLook("localhost", port), never));
  assert.deepEqual(new Set(await Promise.all(looks)), new Set([null]));
});

test("where nobody listens, the port and the error are named", async () => {
  const port = await freePort();
  assert.equal(await within(5_000, tcpLook("127.0.0.1", port), never), `127.0.0.1:${port}: ECONNREFUSED`);
});

test("a name that there is not is an error", async () => {
  const wrong = await within(20_000, tcpLook("no-such-host.invalid", 1), never);
  assert(typeof wrong === "string");
  assert.match(wrong, /^no-such-host\.invalid:1: (ENOTFOUND|EAI_AGAIN)$/);
});

test("an IPv6 address is shown in brackets", async () => {
  const port = await freePort();
  const wrong = await within(5_000, tcpLook("::1", port), never);
  assert(typeof wrong === "string");
  assert.match(wrong, new RegExp(`^\\[::1\\]:${port}: E`));
});

/** To a look it happens by chance, one time in some ten thousand; here it is made. */
test("a connection to itself is told from one to a server", async (t) => {
  const { port } = await tcpServer(t);
  const own = await freePort();
  const itself = connect({ host: "127.0.0.1", port: own, localAddress: "127.0.0.1", localPort: own });
  const other = connect({ host: "127.0.0.1", port });
  await Promise.all([once(itself, "connect"), once(other, "connect")]);
  assert.equal(isItself(itself), true);
  assert.equal(isItself(other), false);
  itself.resetAndDestroy();
  other.destroy();
});
