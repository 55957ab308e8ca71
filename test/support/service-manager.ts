/** Whoever has started Sentry and wants to be told how it is, as systemd: a real socket, and what came there. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";

import { packageFolder } from "../../src/native/load.ts";
import { until } from "./until.ts";

export class ServiceManager {
  /** Datagrams, in order. */
  readonly heard: string[] = [];
  #seen = 0;

  private constructor() {}

  /** @param socket as NOTIFY_SOCKET has it: it is bound when this resolves */
  static async listen(t: Pick<TestContext, "after">, socket: string): Promise<ServiceManager> {
    const manager = new ServiceManager();
    const child = spawn("python3", [join(packageFolder(), "test/fixtures/notified.py"), socket], { stdio: ["ignore", "pipe", "inherit"] });
    t.after(async () => {
      child.kill("SIGKILL");
      await once(child, "close");
    });
    const lines = createInterface(child.stdout);
    await once(lines, "line");
    lines.on("line", (line) => manager.heard.push(JSON.parse(line) as string));
    return manager;
  }

  /** The next datagram with that line in it, after the one that was found before; as its fields. */
  async next(line: RegExp): Promise<Record<string, string>> {
    const found = await until(`${line} is heard`, () => {
      const index = this.heard.findIndex((text, place) => place >= this.#seen && text.split("\n").some((each) => line.test(each)));
      return index === -1 ? null : index + 1;
    }, () => JSON.stringify(this.heard.slice(this.#seen)));
    this.#seen = found;
    return fieldsOf(this.heard[found - 1] ?? "");
  }
}

export function fieldsOf(text: string): Record<string, string> {
  return Object.fromEntries(text.split("\n").map((line) => line.split(/=(.*)/s, 2) as [string, string]));
}
