/**
 * A folder of a test's own, and all that the test starts there. Each process bears the site's mark in its environment, and
 * so does what it starts: that is how a test sees that nothing was left behind, and how the site is cleared.
 */
import { spawn } from "node:child_process";
import type { SpawnOptions } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import {
  chmodSync, chownSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync,
  writeFileSync,
} from "node:fs";
import { request } from "node:http";
import type { IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";

import { packageFolder } from "../../src/native/load.ts";
import { Sentry } from "./sentry.ts";
import { Terminal } from "./terminal.ts";
import { until } from "./until.ts";

const root = packageFolder();
const fixtures = join(root, "test/fixtures");
const installed = ["package.json", "binding.gyp", "dist", "build/Release/sentry.node", "build/Release/sentry-keeper", "prebuilds",
  "node_modules/esbuild", "node_modules/@esbuild", "node_modules/node-gyp-build"];

export const NOBODY = 65534;

export interface Result {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: unknown;
}

export type Env = Record<string, string | undefined>;

export interface Circumstances {
  readonly env?: Env;
  readonly cwd?: string;
  readonly stdio?: SpawnOptions["stdio"];
}

export class Site {
  /** A real path. */
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), "sentry-site-")));
  readonly #mark = `TEST_SITE=${randomUUID()}`;
  #cli = join(root, "dist/cli.js");
  /** Whose processes all are that are started here; null: ours. */
  #account: { uid: number; gid: number } | null = null;

  constructor(t: Pick<TestContext, "after">) {
    t.after(() => this.#clear());
  }

  /** From now on Sentry is a copy in that folder of the site. */
  install(folder = "installed"): void {
    for (const part of installed) {
      if (existsSync(join(root, part))) cpSync(join(root, part), this.path(folder, part), { recursive: true, dereference: true });
    }
    this.#cli = this.path(folder, "dist/cli.js");
  }

  /** From now on all is done as an ordinary user, who may not even read the checkout: so Sentry is copied to the site. */
  becomeOrdinary(): void {
    if (process.getuid?.() !== 0) return;
    this.install();
    this.#account = { uid: NOBODY, gid: NOBODY };
    this.own(this.folder);
    chmodSync(this.folder, 0o755);
  }

  /** Gives a file or folder to whoever does all here. */
  own(path: string): void {
    if (this.#account !== null) chownSync(path, this.#account.uid, this.#account.gid);
  }

  path(...names: string[]): string {
    return join(this.folder, ...names);
  }

  write(name: string, text: string | Uint8Array, mode = 0o644): string {
    mkdirSync(dirname(this.path(name)), { recursive: true });
    writeFileSync(this.path(name), text, { mode });
    this.own(this.path(name));
    return this.path(name);
  }

  /** Writes a configuration with these entries. Sites are many, and the default TCP address is one: so it is left alone. */
  config(entries: string, name = "sample.ts", options = "{ http: false }"): string {
    return this.write(name, `import { entry, sentry } from "sentryd";\nexport default sentry([${entries}], ${options});\n`);
  }

  /** A program of test/fixtures, as words of a configuration: `"/…/node", ["/…/answers.mjs"]`. */
  fixture(name: string, ...args: string[]): string {
    return `${JSON.stringify(process.execPath)}, ${JSON.stringify([join(fixtures, name), ...args])}`;
  }

  /** The command as words, for what runs it. */
  command(...words: string[]): string[] {
    return [process.execPath, this.#cli, ...words];
  }

  /** The command, to its end. */
  sentry(words: readonly string[], circumstances: Circumstances = {}): Promise<Result> {
    return this.run(process.execPath, [this.#cli, ...words], circumstances);
  }

  /** Any program, to its end. */
  async run(program: string, args: readonly string[], { env = {}, cwd = this.folder }: Circumstances = {}): Promise<Result> {
    const child = spawn(program, args, { cwd, env: this.env(env), stdio: ["ignore", "pipe", "pipe"], ...this.#account });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => { stdout += text; });
    child.stderr.setEncoding("utf8").on("data", (text: string) => { stderr += text; });
    return new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
    });
  }

  /** A Sentry in the foreground, with a pipe for its transcript. */
  start(words: readonly string[] = ["start", "sample.ts"], circumstances: Circumstances = {}): Sentry {
    return this.open(process.execPath, [this.#cli, ...words], circumstances);
  }

  /** The same, with whatever stands between it and us. */
  open(program: string, args: readonly string[], circumstances: Circumstances = {}): Sentry {
    const { env = {}, cwd = this.folder, stdio = ["ignore", "pipe", "pipe"] } = circumstances;
    return new Sentry(spawn(program, args, { cwd, env: this.env(env), stdio, ...this.#account }), () => this.nobodyLeft());
  }

  /** Asks the Sentry of this site's `sample.ts` over its socket. */
  async get(path: string, socket = this.path("sample.run/socket"), method = "GET"): Promise<Answer> {
    const [response] = await once(request({ socketPath: socket, path, method }).end(), "response") as [IncomingMessage];
    let text = "";
    for await (const chunk of response.setEncoding("utf8")) text += String(chunk);
    return { status: response.statusCode ?? 0, type: response.headers["content-type"] ?? "", body: JSON.parse(text) };
  }

  /** It does not as long as its socket is not there, nor between its bind(2), which makes the file, and its listen(2). */
  async answers(): Promise<boolean> {
    try {
      return (await this.get("/health")).status === 200;
    } catch (error) {
      if (["ENOENT", "ECONNREFUSED"].includes((error as NodeJS.ErrnoException).code ?? "")) return false;
      throw error;
    }
  }

  /** A terminal, with a program in it. */
  terminal(program: string, args: readonly string[], { env = {}, cwd = this.folder }: Circumstances = {}): Terminal {
    const words = [join(fixtures, "terminal.py"), program, ...args];
    return new Terminal(spawn("python3", words, { cwd, env: this.env(env), stdio: ["pipe", "pipe", "inherit"], ...this.#account }));
  }

  sentryInTerminal(words: readonly string[], circumstances: Circumstances = {}): Terminal {
    return this.terminal(process.execPath, [this.#cli, ...words], circumstances);
  }

  /** Ours, less what the runner of the tests and Sentry itself put there. */
  env(more: Env = {}): NodeJS.ProcessEnv {
    const kept = Object.entries(process.env).filter(([name]) => !/^(NODE_|SENTRY_|NO_COLOR|FORCE_COLOR)/.test(name));
    const [mark = "", value = ""] = this.#mark.split("=");
    return { ...Object.fromEntries(kept), HOME: this.folder, [mark]: value, ...more };
  }

  /** All processes that were started here, or by what was started here, and have not ended. */
  alive(): number[] {
    return readdirSync("/proc").filter((name) => /^\d+$/.test(name) && this.#isOurs(name)).map(Number);
  }

  /** The keepers of what was started here. They have no environment; each is told the name of its socket. */
  keepers(): number[] {
    return this.alive().filter((pid) => commandOf(pid).includes(" sentry-keeper "));
  }

  async nobodyLeft(): Promise<void> {
    await until("nothing is left", () => this.alive().length === 0, () => this.alive().map(commandOf).join("\n"));
  }

  #isOurs(pid: string): boolean {
    try {
      if (readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(this.#mark)) return true;
      const [program = "", socket = ""] = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
      return program === "sentry-keeper" && socket.startsWith(`${this.folder}/`);
    } catch {
      return false; // gone meanwhile
    }
  }

  async #clear(): Promise<void> {
    await until("the site is cleared", () => {
      const left = this.alive();
      for (const pid of left) tryKill(pid);
      return left.length === 0;
    });
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export function commandOf(pid: number): string {
  try {
    return `${pid} ${readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")}`;
  } catch {
    return `${pid} is gone`;
  }
}

function tryKill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // gone meanwhile
  }
}
