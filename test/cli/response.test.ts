/** Answers as they come over a connection, in pieces of any size. */
import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { Readable } from "node:stream";
import { test } from "node:test";

import { Cut, Responses } from "../../src/cli/response.ts";
import { serverSent } from "../../src/cli/server-sent.ts";

/** The same bytes, in parts of that many. */
function inParts(text: string | Buffer, size: number): Socket {
  const bytes = Buffer.from(text as string);
  const parts = Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) => bytes.subarray(n * size, (n + 1) * size));
  return Readable.from(parts, { objectMode: false }) as unknown as Socket;
}

async function textOf(body: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of body) parts.push(part);
  return Buffer.concat(parts).toString();
}

async function all(text: string | Buffer, size: number): Promise<[number, string, string | undefined][]> {
  const responses = new Responses(inParts(text, size));
  const found: [number, string, string | undefined][] = [];
  for (;;) {
    try {
      const { status, headers, body } = await responses.next();
      found.push([status, await textOf(body), headers.get("x-name")]);
    } catch (error) {
      if (error instanceof Cut) return found;
      throw error;
    }
  }
}

const counted = "HTTP/1.1 200 OK\r\nContent-Length: 8\r\nX-Name: a:b\r\n\r\ngrößer";
const chunked = "HTTP/1.1 422 \r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab\n\r\nB;x=y\r\n\r\n123456789\r\n0\r\nTrailer: x\r\n\r\n";
const empty = "HTTP/1.1 204 No Content\r\nx-name:\r\n\r\n";
const toTheEnd = "HTTP/1.0 200 OK\r\n\r\nall that comes";

test("answers are read one after the other, however the connection cuts them", async () => {
  for (let size = 1; size < 300; size++) {
    assert.deepEqual(await all(counted + chunked + empty + counted + toTheEnd, size), [
      [200, "größer", "a:b"], [422, "ab\n\r\n123456789", undefined], [204, "", ""], [200, "größer", "a:b"], [200, "all that comes", undefined],
    ], `in parts of ${size}`);
  }
});

test("an answer that is not there to its end is cut, and never taken for a whole one", async () => {
  for (const text of [counted, chunked, empty]) {
    for (let end = 1; end < Buffer.byteLength(text); end++) {
      assert.deepEqual(await all(Buffer.from(text).subarray(0, end), 10), []);
    }
  }
});

test("what is no answer is refused", async () => {
  const head = "HTTP/1.1 200 OK\r\n";
  for (const text of [
    "220 mail.example.org ESMTP\r\n", "HTTP/2 200\r\n\r\n", `${head}no colon\r\n\r\n`, `${head}: no name\r\n\r\n`, `${head}content-length: -1\r\n\r\nx`,
    `${head}transfer-encoding: gzip\r\n\r\nx`, `${head}transfer-encoding: chunked\r\n\r\nzz\r\n`, `${head}transfer-encoding: chunked\r\n\r\n1\r\nabc\r\n`,
    `${head}x: ${"y".repeat(40_000)}`, head + "x: y\r\n".repeat(200),
  ]) {
    await assert.rejects(all(text, 1000), { code: "E_FAILED", message: /^what answers is no Sentry/ }, JSON.stringify(text.slice(0, 100)));
  }
});

test("server-sent events are read, and one that is told by half is not told", async () => {
  const text = "id: 7\nevent: exited\ndata: {\"a\":1}\n\n: dropped 12 lines\n\ndata:one\r\ndata: zwölf\r\n\r\n\nid: 8\ndata: half";
  for (let size = 1; size < 100; size++) {
    const found: unknown[] = [];
    for await (const each of serverSent(inParts(text, size))) found.push(each);
    assert.deepEqual(found, [
      { id: "7", event: "exited", data: '{"a":1}', comment: null },
      { id: null, event: "message", data: null, comment: "dropped 12 lines" },
      { id: null, event: "message", data: "one\nzwölf", comment: null },
    ]);
  }
});
