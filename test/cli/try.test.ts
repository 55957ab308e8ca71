/** The trial of a reload, asked as a running Sentry of another version would ask it. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import type { Readable } from "node:stream";
import { test } from "node:test";
import type { TestContext } from "node:test";

import { Site } from "../support/site.ts";

async function tried(t: TestContext, question: object): Promise<{ kind: string; message: string }> {
  const [node = "", cli = ""] = new Site(t).command("check");
  const trial = spawn(node, [cli, "--try"], { stdio: ["pipe", "ignore", "inherit", "pipe"] });
  trial.stdin?.end(JSON.stringify(question));
  return JSON.parse(await text(trial.stdio[3] as Readable)) as { kind: string; message: string };
}

test("a form of handing over that it does not know is refused, before anything is tried", async (t) => {
  const { kind, message } = await tried(t, { handover: 99, config: "/nowhere.ts", snapshot: "{}" });
  assert.equal(kind, "unusable");
  assert.match(message, /^the Sentry on disk \(version \S+\) cannot go on from the running one: that hands over in form 99, and this one knows 1, 2, 3, 4$/);
});

test("so is a state that a newer Sentry has written", async (t) => {
  const { kind, message } = await tried(t, { handover: 1, config: "/nowhere.ts", snapshot: JSON.stringify({ version: 99 }) });
  assert.equal(kind, "unusable");
  assert.match(message, /its state was written by a newer Sentry \(version 99 of its form; this one knows 3\)$/);
});
