/**
 * Processes that do what a test bids them, line by line, in a shell: each reads a FIFO of its own. So a test says when one is
 * ready, prints or ends, also while there is no Sentry.
 */
import { execFileSync } from "node:child_process";
import { chmodSync, closeSync, constants, existsSync, mkdirSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";

import { packageFolder } from "../../src/native/load.ts";
import type { Site } from "./site.ts";
import { slot } from "./slots.ts";
import { until } from "./until.ts";

export class Puppets {
  readonly #site: Site;
  readonly #folder: string;
  readonly #says: string;

  constructor(site: Site) {
    this.#site = site;
    this.#folder = site.path("puppets");
    this.#says = site.path("says");
    mkdirSync(this.#folder);
    chmodSync(this.#folder, 0o777); // not all of them have the same user
    chmodSync(site.folder, 0o755);
    execFileSync("cc", ["-O1", "-o", this.#says, join(packageFolder(), "test/fixtures/says.c")]);
  }

  /**
   * Words of a configuration. `says LINE…` sends a message, `notes WORD…` writes down what `noted` gives.
   * @param before what it does by itself, before it can be bidden
   */
  shell(before = ""): string {
    const script = [
      `cd ${this.#folder}`, `says() { ${this.#says} "$@"; }`, 'notes() { echo "$@" >> notes.$SENTRY_ENTRY; }', before,
      // Under its name it is there only once it is open: what was written before nobody would get.
      "mkfifo making.$$", "exec 9<> making.$$", "mv making.$$ to.$$", 'while :; do read -r line <&9 && eval "$line"; done',
    ];
    return `"sh", ${JSON.stringify(["-c", script.filter((line) => line !== "").join("\n")])}`;
  }

  /** Bids the process that a slot has now, which may be one to come. Gives its pid. */
  async bid(id: string, command: string): Promise<number> {
    const pid = await until(`${id} has a process`, async () => (await slot(this.#site, id).catch(() => null))?.pid);
    await this.bidProcess(pid, command);
    return pid;
  }

  async bidProcess(pid: number, command: string): Promise<void> {
    const to = join(this.#folder, `to.${pid}`);
    await until(`${pid} can be bidden`, () => existsSync(to));
    const fifo = openSync(to, constants.O_RDWR | constants.O_NONBLOCK);
    writeSync(fifo, `${command}\n`);
    closeSync(fifo);
  }

  /** All that the processes of an entry have noted, a line each. */
  noted(entry: string): string[] {
    const file = join(this.#folder, `notes.${entry}`);
    return existsSync(file) ? readFileSync(file, "utf8").split("\n").slice(0, -1) : [];
  }

  /** The nth line of it, once it is there. */
  async note(entry: string, nth = 0): Promise<string> {
    return until(`${entry} has noted something`, () => this.noted(entry)[nth]);
  }

  /** Sends a message to where a process says what it has to say, as somebody else. */
  async say(pid: number, ...words: string[]): Promise<void> {
    const given = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").find((each) => each.startsWith("NOTIFY_SOCKET="));
    execFileSync(this.#says, words, { env: { NOTIFY_SOCKET: given?.slice(given.indexOf("=") + 1) } });
  }
}
