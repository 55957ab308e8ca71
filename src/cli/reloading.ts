/**
 * A reload, as the image that is replaced sees it: everything up to the exec. docs/survival.md says why in this order.
 *
 * Until the program on disk has said that it can use the configuration and our state, nothing is touched. Then supervision
 * goes on while requests are answered; it pauses only for the last steps, which wait for the disk, and a moment for whoever
 * asked for the reload to take the answer.
 */
import type { Hooks } from "../config/hooks.ts";
import type { By, Micros, Millis } from "../core/types.ts";
import { dieAt } from "../engine/die-at.ts";
import type { Engine } from "../engine/engine.ts";
import type { Tallies } from "../http/tallies.ts";
import type { Reloading as Outcome } from "../http/view.ts";
import type { Addon, Detached, Fact } from "../native/addon.ts";
import type { LogFormat, Transcript } from "../output/journal.ts";
import type { History } from "../survival/history.ts";
import type { Snapshot } from "../survival/snapshot.ts";
import type { Addresses } from "./addresses.ts";
import type { Announcing } from "./announcing.ts";
import type { Doors, IdleConnections } from "./doors.ts";
import { execNext, HANDOVER_VERSION } from "./handover.ts";
import type { Handover } from "./handover.ts";
import type { Place } from "./place.ts";
import { prepare } from "./prepare.ts";
import type { OutputSinks } from "./sinks.ts";
import type { TcpSocket } from "./tcp.ts";
import { runTrial } from "./trial.ts";
import type { Question, Trial, Usable, Verdict } from "./trial.ts";

/** What is to be renewed. */
export interface Image {
  readonly place: Place;
  readonly detached: boolean;
  readonly logFormat: LogFormat;
  readonly addon: Addon;
  readonly engine: Engine;
  readonly transcript: Transcript;
  readonly history: History;
  readonly addresses: Addresses;
  readonly sinks: OutputSinks;
  /** What HTTP is served on over TCP. */
  readonly tcp: TcpSocket | null;
  readonly doors: () => Doors;
  readonly tallies: Tallies;
  readonly hooks: Hooks | null;
  readonly announcing: Announcing | null;
  readonly startedAt: Micros;
  readonly reexecedAt: Micros | null;
  /** True: nothing is started any more, which is answered by `quiet`. False: it goes on. */
  quiesce(on: boolean): void;
  snapshot(): Snapshot;
  /** What kept it from being written, in words; null where nothing did. */
  writeState(snapshot: Snapshot): string | null;
  /** Everything that has a timer, a thread or a listener in JavaScript ends. */
  letGo(): void;
  /** The exec has failed: everything is taken up again, in this image. */
  takeUp(handover: Handover): void;
  /** That has failed as well. What is left is what a SIGKILL leaves. */
  lost(error: unknown): void;
}

/** How long requests that have begun may take to be sent, and answers to be read. */
const REQUESTS: Millis = 1000;
/** How long a start may hang in its exec before the reload is given up. */
const STARTS: Millis = 5000;
/** How long output that is on its way may take; what a terminal does not take by then counts as unread. */
const OUTPUT: Millis = 1200;

const FLUSH = 1;

export class Reloading {
  readonly #image: Image;
  /** Until `begin`, the beginning counts as one. */
  #underWay = true;
  #again: { readonly by: By } | null = null;
  #trial: Trial | null = null;
  readonly #plans = new Set<Trial>();
  /** How many processes of ours Node has: they are its own to wait for. */
  #trials = 0;
  /** What the native threads were asked for, and have not answered. */
  readonly #awaited = new Map<"quiet" | "flushed", () => void>();

  constructor(image: Image) {
    this.#image = image;
  }

  /** Sentry has begun, and told whoever waits for that: until then it has to be this image. */
  begin(): void {
    this.#underWay = false;
    this.#repeat();
  }

  /** Resolves just before the exec, or when it is clear that there will be none. */
  ask(by: By): Promise<Outcome> {
    if (this.#underWay) return Promise.resolve({ kind: "busy" });
    this.#underWay = true;
    return new Promise((resolve, reject) => {
      this.#reload(by, resolve).catch((error: unknown) => {
        this.#image.announcing?.refused(String(error));
        reject(error as Error);
      }).finally(() => {
        this.#underWay = false;
        this.#repeat();
      });
    });
  }

  /** By SIGHUP: one that comes during a reload is not lost. However many come, one more reload follows. */
  signalled(by: By): void {
    this.#again = { by };
    // Those that have waited for this image come together, and are one.
    queueMicrotask(() => {
      if (!this.#underWay) this.#repeat();
    });
  }

  /** What a reload would do now. Null: one was under way, and has come first. */
  async plan(): Promise<Verdict | null> {
    const plan = this.#run();
    this.#plans.add(plan);
    const verdict = await plan.verdict;
    await plan.over;
    return this.#plans.delete(plan) ? verdict : null;
  }

  /** An answer of the native threads. */
  answered(what: "quiet" | "flushed"): void {
    this.#awaited.get(what)?.();
  }

  /** Sentry leaves: nobody needs to know any more. */
  abort(): void {
    this.#again = null;
    this.#trial?.abort();
    void this.#callOffPlans();
  }

  /** Whoever asked for them is answered, and their processes are not left to an image that does not know them. */
  #callOffPlans(): Promise<unknown> {
    const plans = [...this.#plans];
    this.#plans.clear();
    for (const plan of plans) plan.abort();
    return Promise.all(plans.map(({ over }) => over));
  }

  #repeat(): void {
    const again = this.#again;
    this.#again = null;
    if (again !== null) this.ask(again.by).catch((error: unknown) => this.#image.transcript.bug(error, "a reload was asked for"));
  }

  async #reload(by: By, resolve: (outcome: Outcome) => void): Promise<void> {
    const { place, addon, engine, transcript, history } = this.#image;
    const leaving = (): boolean => engine.state.course !== "keeping";
    if (leaving()) return resolve({ kind: "refused", message: "Sentry itself is stopping" });

    this.#image.announcing?.reloads();
    const refuse = (outcome: Exclude<Outcome, { kind: "busy" | "done" }>): void => {
      this.#image.announcing?.refused(outcome.message);
      resolve(outcome);
    };
    const verdict = await this.#try();
    dieAt("trial");
    if (leaving()) return refuse({ kind: "refused", message: "Sentry itself is stopping" });
    const before = this.#image.addresses.bound().map(({ address }) => address);
    const prepared = verdict.kind === "unusable" ? { unusable: verdict.message } : prepare(verdict, this.#image);
    if (verdict.kind === "unusable" || "unusable" in prepared) {
      this.#image.addresses.keepOnly(before);
      const message = "unusable" in prepared ? prepared.unusable : "";
      transcript.tell(`Problem encountered while compiling ${place.config}`);
      transcript.tell(message);
      return refuse({ kind: "invalid", message });
    }
    const { tcp } = prepared;
    transcript.tell(`${place.config} successfully compiled.`);

    // Who has asked before is answered; who asks all the time does not keep a reload from being done.
    await Promise.all([...this.#plans].map(({ over }) => over));
    await this.#callOffPlans();
    this.#image.quiesce(true);
    if (!await this.#answer("quiet", STARTS)) {
      this.#image.quiesce(false);
      this.#image.addresses.keepOnly(before);
      this.#close(tcp);
      const message = `a start has been hanging in its exec for ${STARTS / 1000} s`;
      transcript.tell(`The reload is called off: ${message}.`);
      return refuse({ kind: "refused", message });
    }
    dieAt("quiet");
    const [idle] = await Promise.all([this.#image.doors().drain(REQUESTS), this.#image.hooks?.rest(REQUESTS)]);
    dieAt("drained");
    addon.flush(FLUSH);
    await this.#answer("flushed", OUTPUT);
    if (engine.state.course === "left") return refuse({ kind: "refused", message: "Sentry itself is stopping" });

    const queued = engine.pause();
    dieAt("paused");
    resolve({ kind: "done", id: history.lastId + 1 });
    await this.#image.doors().finish(REQUESTS);
    try {
      this.#renew(verdict, by, queued, idle, tcp);
    } catch (error) {
      this.#image.lost(error);
    }
    // Whatever goes on from here, it is with another of these.
    await new Promise(() => {});
  }

  async #try(): Promise<Verdict> {
    this.#trial = this.#run();
    const verdict = await this.#trial.verdict;
    await this.#trial.over; // no image is to find a zombie that it does not know
    for (const line of this.#trial.printed().split("\n")) if (line !== "") this.#image.transcript.tell(line);
    this.#trial = null;
    return verdict;
  }

  /** Node waits for its own children: the waiting thread must not take one for a process that was left to us. */
  #run(): Trial {
    const { place, addon } = this.#image;
    const question: Question = { handover: HANDOVER_VERSION, config: place.config, snapshot: JSON.stringify(this.#image.snapshot()) };
    addon.spare(true);
    const trial = runTrial(question);
    this.#trials++;
    void trial.over.then(() => {
      if (--this.#trials === 0) addon.spare(false);
    });
    return trial;
  }

  /** Whether the native threads have answered in time. */
  #answer(what: "quiet" | "flushed", within: Millis): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), within);
      this.#awaited.set(what, () => {
        clearTimeout(timer);
        resolve(true);
      });
    });
  }

  /**
   * From here on nothing waits. In one turn of the loop: the threads end, all is written down, and the image is another.
   * Nothing can be told any more in this one: what there is to be told goes over.
   */
  #renew(verdict: Usable, by: By, queued: Handover["queued"], idle: IdleConnections, tcp: TcpSocket | null): void {
    const { addon, place } = this.#image;
    this.#image.letGo();
    const left = addon.detach();
    dieAt("detached");
    let handover: Handover | null = null;
    try {
      const snapshot = this.#image.snapshot();
      const trouble = this.#image.writeState(snapshot);
      handover = this.#handover(left, snapshot, verdict, by, queued, idle, tcp, trouble === null ? [] : [trouble]);
      execNext(addon, place, handover, verdict.addon);
    } catch (error) {
      if (handover === null) throw error;
      const { code = "", message } = error as NodeJS.ErrnoException;
      const [, words = message] = /\(([^()]*)\)$/.exec(message) ?? [];
      this.#close(tcp);
      this.#image.takeUp({ ...handover, tcp: this.#withIdle(this.#image.tcp, idle), failed: { step: "exec", errno: code, message: words, subject: process.execPath } });
    }
  }

  /** One that this image has bound for the next, which does not come. */
  #close(tcp: TcpSocket | null): void {
    if (tcp !== null && tcp !== this.#image.tcp) this.#image.addon.close(tcp.fd);
  }

  /** Connections that came to another address are not the next one's: they close with this image. */
  #withIdle(tcp: TcpSocket | null, idle: IdleConnections): Handover["tcp"] {
    return tcp === null ? null : { ...tcp, idle: tcp === this.#image.tcp ? idle.tcp : [] };
  }

  #handover(
    left: Detached, snapshot: Snapshot, { configuration, changes }: Usable, by: By, queued: Handover["queued"],
    idle: IdleConnections, tcp: TcpSocket | null, told: readonly string[],
  ): Handover {
    const { addon, place, addresses, sinks, detached, logFormat, history, tallies, hooks, announcing, startedAt, reexecedAt } = this.#image;
    return {
      version: HANDOVER_VERSION, snapshot, configuration, changes, by, again: this.#again, detached, logFormat,
      startedAt, reexecedAt, queued, facts: left.facts.flatMap(forNext), processes: left.processes, outputs: left.outputs,
      owed: left.owed.map(({ sink, text }) => ({ entry: sinks.nameOf(sink), text })), tails: sinks.tails, inherited: left.inherited,
      lock: addon.lockDescriptor(place.pidFile), socket: addon.socketDescriptor(place.socket), keeper: addon.keeperDescriptors(),
      tcp: this.#withIdle(tcp, idle), tallies: tallies.plain(), addresses: addresses.bound(), idle: idle.socket, unwritten: history.unwritten,
      hooked: hooks?.lastTaken ?? null, announced: announcing?.hasBeenReady ?? false, told, failed: null,
    };
  }
}

/** The numbers of sinks mean something else in the next image, which looks for rotated files itself. */
function forNext(fact: Fact): Fact[] {
  if (fact.kind === "rotated" || fact.kind === "packed") return [];
  return [fact.kind === "lost" ? { ...fact, sink: null } : fact];
}
