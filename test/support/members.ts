/**
 * Trees of processes, whose members tell their pids by name (test/fixtures/member.c). Some of them detach themselves from
 * all by which a site knows its own, so they are looked for, and cleared, by the folder that stands in their words.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";

import { packageFolder } from "../../src/native/load.ts";
import { commandOf } from "./site.ts";
import type { Site } from "./site.ts";
import { until } from "./until.ts";

export class Members {
  /** Where their names are files. Anybody may write there: not all of them have the same user. */
  readonly folder: string;
  /** The beginning of a command of the shell: what follows is a name, and words of the fixture's. */
  readonly member: string;

  constructor(t: Pick<TestContext, "after">, site: Site) {
    this.folder = site.path("members");
    const program = site.path("member");
    mkdirSync(this.folder);
    chmodSync(this.folder, 0o777);
    chmodSync(site.folder, 0o755);
    execFileSync("cc", ["-O1", "-o", program, join(packageFolder(), "test/fixtures/member.c")]);
    this.member = `${program} ${this.folder}`;
    t.after(() => this.end());
  }

  /** Words of a configuration: a shell that does this, in which $M begins a member. */
  shell(script: string): string {
    return `"sh", ${JSON.stringify(["-c", `M='${this.member}'; ${script}`])}`;
  }

  /** Waits until it is there. */
  pid(name: string): Promise<number> {
    return until(`${name} has told its pid`, () => existsSync(join(this.folder, name)) && Number(readFileSync(join(this.folder, name), "utf8")));
  }

  async pids(...names: string[]): Promise<number[]> {
    return Promise.all(names.map((name) => this.pid(name)));
  }

  /** How often SIGTERM reached it. */
  terms(name: string): number {
    const book = join(this.folder, `${name}.terms`);
    return existsSync(book) ? readFileSync(book, "utf8").length : 0;
  }

  /** The names of those that live now. */
  alive(): string[] {
    return [...this.#all().values()].sort();
  }

  /** Signals one that is alive; by whoever runs the tests. */
  async signal(name: string, signal: NodeJS.Signals): Promise<void> {
    const pid = await this.pid(name);
    assert(this.#all().has(pid), `${name} is not there: ${commandOf(pid)}`);
    process.kill(pid, signal);
  }

  async are(...names: string[]): Promise<void> {
    await until(`those left are: ${names.join(", ") || "none"}`, () => this.alive().join() === [...names].sort().join(), () => this.alive().join());
  }

  /** A zombie has no words any more. */
  #all(): Map<number, string> {
    return new Map(readdirSync("/proc").filter((pid) => /^\d+$/.test(pid)).flatMap((pid): [number, string][] => {
      try {
        const [, folder, name = ""] = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
        return folder === this.folder ? [[Number(pid), name]] : [];
      } catch {
        return []; // gone meanwhile
      }
    }));
  }

  /** Ends those that are left. */
  async end(): Promise<void> {
    await until("the members are gone", () => {
      const left = this.#all();
      for (const pid of left.keys()) {
        try {
          process.kill(pid, "SIGKILL");
        } catch {
          // gone meanwhile
        }
      }
      return left.size === 0;
    });
  }
}
