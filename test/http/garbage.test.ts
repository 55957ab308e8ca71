/** What is no request of this interface, or no HTTP at all. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { until } from "../support/until.ts";
import { openSocket } from "./opened.ts";
import { Wire } from "./wire.ts";

const HEALTH = "GET /health HTTP/1.1\r\nhost: x\r\n\r\n";

for (const [what, bytes, status, code] of [
  ["what is no HTTP", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 tls\r\n\r\n", 400, "E_USAGE"],
  ["another protocol", "SSH-2.0-OpenSSH_9.2\r\n", 400, "E_USAGE"],
  ["HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "E_USAGE"],
  ["a header with a NUL in it", "GET / HTTP/1.1\r\nhost: x\r\nx: a\0b\r\n\r\n", 400, "E_USAGE"],
  ["a length that is none", "POST /stop HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n", 400, "E_USAGE"],
  ["two framings of the same body", "POST /stop HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", 400, "E_USAGE"],
  ["a header of 20 KiB", `GET / HTTP/1.1\r\nhost: x\r\nx: ${"y".repeat(20_000)}\r\n\r\n`, 431, "E_HEADER_TOO_LARGE"],
  ["a header of a megabyte that does not end", `GET / HTTP/1.1\r\n${"x: y\r\n".repeat(170_000)}`, 431, "E_HEADER_TOO_LARGE"],
  ["an address of 20 KiB", `GET /${"y".repeat(20_000)} HTTP/1.1\r\nhost: x\r\n\r\n`, 431, "E_HEADER_TOO_LARGE"],
  ["a tunnel", "CONNECT evil.example:80 HTTP/1.1\r\nhost: x\r\n\r\n", 405, "E_METHOD"],
] as const) {
  test(`${what} is refused with a problem, and the connection closes`, async (t) => {
    const { path } = await openSocket(t);
    const wire = new Wire(t, path);
    wire.socket.write(bytes, "latin1");
    await wire.closed;
    const [head = "", body = ""] = wire.got.split("\r\n\r\n");
    assert.match(head, new RegExp(`^HTTP/1\\.1 ${status} \\S`));
    assert.match(head, /^content-type: application\/problem\+json$/im);
    assert.match(head, /^connection: close$/im);
    assert.match(head, new RegExp(`^content-length: ${Buffer.byteLength(body)}$`, "im"));
    const problem = JSON.parse(body) as Record<string, unknown>;
    assert.deepEqual([problem["status"], problem["code"]], [status, code]);
    await new Wire(t, path).write(HEALTH).answers(1);
  });
}

test("garbage after a request is refused after its answer", async (t) => {
  const { path } = await openSocket(t);
  const wire = new Wire(t, path).write(HEALTH);
  await wire.answers(1);
  wire.write("garbage\r\n\r\n");
  await wire.closed;
  assert.match(wire.got, /HTTP\/1\.1 200 OK.*HTTP\/1\.1 400 Bad Request/s);
});

for (const [what, bytes, code] of [
  ["garbage", "garbage\r\n\r\n", "E_USAGE"], ["a tunnel", "CONNECT evil.example:80 HTTP/1.1\r\nhost: x\r\n\r\n", "E_METHOD"],
] as const) {
  test(`${what} behind requests that are not answered yet does not take their place`, async (t) => {
    const { path, past } = await openSocket(t);
    let goOn: (() => void) | null = null;
    past.read = () => new Promise((resolve) => { goOn = () => resolve([]); });
    const history = "GET /history HTTP/1.1\r\nhost: x\r\n\r\n";
    const wire = new Wire(t, path).write(history + HEALTH + bytes);
    const answer = await until("it is begun", () => goOn);
    for (let n = 0; n < 20; n++) wire.write("more garbage\r\n\r\n");
    await new Wire(t, path).write(HEALTH).answers(1);
    assert.equal(wire.got, "");
    answer();
    await wire.closed;
    assert.match(wire.got, new RegExp(`^HTTP/1\\.1 200 .*\\[\\]HTTP/1\\.1 200 .*"ok"\\}HTTP/1\\.1 4.*"code":"${code}"\\}$`, "s"));
  });
}

test("garbage in a body is refused in the place of its request, after what was asked before", async (t) => {
  const { path, past } = await openSocket(t);
  let goOn: (() => void) | null = null;
  past.read = () => new Promise((resolve) => { goOn = () => resolve([]); });
  const wire = new Wire(t, path).write("GET /history HTTP/1.1\r\nhost: x\r\n\r\n");
  const answer = await until("it is begun", () => goOn);
  wire.write("PATCH /entries/dummy HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nno length");
  await new Wire(t, path).write(HEALTH).answers(1);
  answer();
  await wire.closed;
  assert.match(wire.got, /^HTTP\/1\.1 200 .*\[\]HTTP\/1\.1 400 .*"code":"E_USAGE"\}$/s);
});

test("an expectation that is not known is ignored, and what was asked is answered as ever", async (t) => {
  const { path } = await openSocket(t);
  const wire = new Wire(t, path).write("GET /health HTTP/1.1\r\nhost: x\r\nexpect: a miracle\r\n\r\n");
  await wire.says(/^HTTP\/1\.1 200 .*"ok"\}$/s);
  wire.write("GET /nothing HTTP/1.1\r\nhost: x\r\nexpect: a miracle\r\n\r\n");
  await wire.says(/HTTP\/1\.1 404 .*"code":"E_NO_SUCH_ROUTE"\}$/s);
});

test("an upgrade is not done, and what was asked is answered as ever", async (t) => {
  const { path } = await openSocket(t);
  const upgrade = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-key: x\r\n";
  const wire = new Wire(t, path).write(`GET /health HTTP/1.1\r\nhost: x\r\n${upgrade}\r\n`);
  await wire.answers(1);
  await wire.write(HEALTH).answers(2);
});

test("who expects a leave to go on is given it", async (t) => {
  const { path } = await openSocket(t);
  const wire = new Wire(t, path);
  wire.write("PATCH /entries/dummy HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-type: application/json\r\ncontent-length: 11\r\n\r\n");
  await wire.says(/^HTTP\/1\.1 100 Continue\r\n\r\n/);
  await wire.write('{"count":2}').answers(1);
});

test("a body that is too large is refused, and a client that sends on gains nothing", async (t) => {
  const { path } = await openSocket(t);
  const wire = new Wire(t, path);
  wire.write("PATCH /entries/dummy HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n");
  wire.write(`10000\r\n${" ".repeat(0x10000)}\r\n`.repeat(3));
  await wire.says(/^HTTP\/1\.1 413 .*"code":"E_TOO_LARGE"/s);
});
