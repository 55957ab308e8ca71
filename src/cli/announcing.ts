/**
 * What Sentry says of itself to whoever has started it, by sd_notify(3): that all is ready, that it reloads, that it stops, and
 * that its loop turns. So a unit of systemd can be `Type=notify-reload`. Only where NOTIFY_SOCKET is set; it is one datagram
 * at a time, and nothing waits for them. Each says what is so, and not what was asked for: one that finds no room is made anew.
 */
import type { HistoryRecord } from "../core/record.ts";
import type { State } from "../core/state.ts";
import type { Millis } from "../core/types.ts";
import type { Clock } from "../engine/ports.ts";
import { notReady } from "../http/ready.ts";

export interface Announced {
  /** Sends one datagram: `notify` of the addon. Gives the errno where it could not. */
  notify(socket: string, text: string): string | null;
  readonly clock: Clock;
  readonly engine: { readonly state: Readonly<State> };
  /** The image before has said that it was ready. */
  readonly wasReady: boolean;
  tell(text: string): void;
}

type Doing = "beginning" | "ready" | "reloading" | "stopping";

/** It is not said more often than that how things are. */
const PACE: Millis = 100;
/** After a grace, until what is killed is gone and all is written down. */
const LAST_WORDS: Millis = 15_000;
/** More names than that are no status line. */
const MOST_NAMES = 5;
const LONGEST_REASON = 200;

export class Announcing {
  readonly #socket: string;
  readonly #to: Announced;
  #doing: Doing;
  /** What was last said, and got through. */
  #said: Doing;
  #status = "";
  /** Why the last reload came to nothing. */
  #refused: string | null = null;
  /** By when a stop is over, and which was said. */
  #over: Millis = 0;
  #saidOver: Millis = 0;
  #begun = false;
  #lookedAt: Millis = -Infinity;
  #soon: NodeJS.Timeout | undefined;
  readonly #watchdog: NodeJS.Timeout | undefined;
  #trouble = "";

  /** @param env of this process. Null: there is nobody to be told. */
  static of(env: NodeJS.ProcessEnv, to: Announced): Announcing | null {
    const socket = env["NOTIFY_SOCKET"] ?? "";
    return socket === "" ? null : new Announcing(socket, silenceOf(env), to);
  }

  /** @param silence after that without a sign Sentry counts as hung; null: nobody looks */
  private constructor(socket: string, silence: Millis | null, to: Announced) {
    this.#socket = socket;
    this.#to = to;
    this.#doing = to.wasReady ? "ready" : "beginning";
    this.#said = to.wasReady ? "reloading" : "beginning";
    if (silence === null) return;
    this.#alive();
    this.#watchdog = setInterval(() => this.#alive(), silence / 2).unref(); // by half of it: sd_watchdog_enabled(3)
  }

  /** For the next image. */
  get hasBeenReady(): boolean {
    return this.#doing === "ready" || this.#doing === "reloading";
  }

  /** All that this image begins with is done. After a reload, so is that. */
  begin(): void {
    this.#begun = true;
    this.#look();
  }

  /** Something has happened. */
  record(record: HistoryRecord): void {
    if (!this.#begun) return;
    const isLeaving = this.#to.engine.state.course !== "keeping";
    if (isLeaving && record.type === "stopping") this.#over = Math.max(this.#over, record.until + LAST_WORDS);
    if (isLeaving && this.#doing !== "stopping") this.#look(); // there may be no later
    else this.#lookSoon();
  }

  /** A reload begins. Before the first READY=1 that is nobody's concern. */
  reloads(): void {
    this.#refused = null;
    if (this.#doing !== "ready") return;
    this.#doing = "reloading";
    this.#look();
  }

  /** It has come to nothing. */
  refused(message: string): void {
    this.#refused = message.split("\n", 1).join("").slice(0, LONGEST_REASON);
    if (this.#doing === "reloading") this.#doing = "ready";
    this.#look();
  }

  /** Nothing is said after this by this image. */
  close(): void {
    this.#begun = false;
    clearTimeout(this.#soon);
    clearInterval(this.#watchdog);
  }

  #alive(): void {
    this.#send("WATCHDOG=1");
  }

  #lookSoon(): void {
    if (this.#soon !== undefined) return;
    const rest = this.#lookedAt + PACE - this.#to.clock.now().mono;
    this.#soon = setTimeout(() => this.#look(), Math.max(0, rest)).unref();
  }

  #look(): void {
    clearTimeout(this.#soon);
    this.#soon = undefined;
    if (!this.#begun) return;
    this.#lookedAt = this.#to.clock.now().mono;
    const { state } = this.#to.engine;
    const unready = notReady(this.#to);
    if (state.course !== "keeping") this.#doing = "stopping";
    else if (this.#doing === "beginning" && unready.length === 0) this.#doing = "ready";
    const [doing, over, status] = [this.#doing, this.#over, this.#statusOf(state, unready)];
    const lines = [
      ...(doing === this.#said ? [] : this.#words(doing)),
      ...(over <= this.#saidOver ? [] : [`EXTEND_TIMEOUT_USEC=${Math.ceil((over - this.#lookedAt) * 1000)}`]),
      ...(status === this.#status ? [] : [`STATUS=${status}`]),
    ];
    if (lines.length === 0) return;
    if (!this.#send(lines.join("\n"))) return;
    [this.#said, this.#saidOver, this.#status] = [doing, over, status];
  }

  #words(doing: Doing): string[] {
    switch (doing) {
      case "beginning": return [];
      case "ready": return ["READY=1", `MAINPID=${process.pid}`];
      // By the moment whoever has asked for it knows that it is after that: systemd.service(5), Type=notify-reload.
      case "reloading": return ["RELOADING=1", `MONOTONIC_USEC=${Math.floor(this.#lookedAt * 1000)}`];
      case "stopping": return ["STOPPING=1"];
    }
  }

  #statusOf(state: Readonly<State>, unready: ReturnType<typeof notReady>): string {
    if (this.#doing === "stopping") return `Stopping, ${state.live} ${state.live === 1 ? "process" : "processes"} left`;
    if (this.#doing === "reloading") return "Reloading";
    const wanted = [...state.slots.values()].filter((slot) => slot.wanted && slot.number < (state.entries.get(slot.entry)?.count ?? 0)).length;
    const failed = unready.filter((id) => state.slots.get(id)?.phase.kind === "failed");
    return [
      `${wanted - unready.length} of ${wanted} ${wanted === 1 ? "process" : "processes"} ready`,
      ...(failed.length === 0 ? [] : [`${failed.length} failed: ${named(failed)}`]),
      ...(this.#refused === null ? [] : [`the last reload was refused: ${this.#refused}`]),
    ].join(", ");
  }

  /** Whether it got through. Where there was no room it is said anew; what else keeps it from it is told once. */
  #send(text: string): boolean {
    const errno = this.#to.notify(this.#socket, text);
    if (errno === null) return true;
    if (errno === "EAGAIN") this.#lookSoon();
    else if (errno !== this.#trouble) this.#to.tell(`Whoever has started Sentry cannot be told how it is: ${this.#socket}: ${errno}`);
    this.#trouble = errno;
    return false;
  }
}

function named(ids: readonly string[]): string {
  const more = ids.length - MOST_NAMES;
  return ids.slice(0, MOST_NAMES).join(", ") + (more > 0 ? ` and ${more} more` : "");
}

/** Null where nobody looks, or another process is meant. sd_watchdog_enabled(3) */
function silenceOf({ WATCHDOG_USEC: usec = "", WATCHDOG_PID: pid = "" }: NodeJS.ProcessEnv): Millis | null {
  if (pid !== "" && Number(pid) !== process.pid) return null;
  return /^[1-9][0-9]*$/.test(usec) ? Number(usec) / 1000 : null;
}
