/**
 * The probes port: who looks at processes from outside. Whether one is ready is looked at until it is, or read from what it
 * prints or writes to a descriptor; how it is, again and again. All that it finds out is told to the law. It opens nothing
 * and wakes up for nothing where no entry asks for it.
 */
import type { Happening } from "../core/command.ts";
import type { RunId, Sought } from "../core/types.ts";
import { slotId } from "../core/types.ts";
import type { Probes } from "../engine/ports.ts";
import type { Health, Probe, Ready } from "../engine/probe.ts";
import { httpLook } from "./http.ts";
import { examine, untilReady } from "./look.ts";
import type { Look } from "./look.ts";
import { Pattern } from "./pattern.ts";
import { Programs } from "./programs.ts";
import type { ProgramFact, ProgramWorld } from "./programs.ts";
import { tcpLook } from "./tcp.ts";

export interface ProberWorld extends ProgramWorld {
  /** How that slot is to be looked at; null: the entry is not configured any more. */
  asked(entry: string, slot: number): { readonly ready: Ready | null; readonly health: Health | null } | null;
  /** No lines of that run are told any more. */
  hush(run: RunId): void;
  /** The lines of that fact have been looked at, and may go. */
  seenLines(run: RunId, stream: 0 | 1): void;
  /** A line of the transcript. */
  tell(text: string): void;
  post(happenings: Happening[]): void;
  /** All that was posted so far has been obeyed. */
  settled(): boolean;
}

/** What a process shows by itself. */
export type Sign =
  | { readonly kind: "newline"; readonly run: RunId }
  | { readonly kind: "lines"; readonly run: RunId; readonly stream: 0 | 1; readonly text: string };

/** What a run is being looked at for. */
interface Watch {
  readonly entry: string;
  readonly slot: number;
  readonly what: Sought;
  readonly end: AbortController;
  readonly sign: "newline" | Pattern | null;
}

export class Prober implements Probes {
  readonly #world: ProberWorld;
  readonly #programs: Programs;
  readonly #watches = new Map<RunId, Watch>();
  #resting = false;
  #closed = false;

  constructor(world: ProberWorld) {
    this.#world = world;
    this.#programs = new Programs(world);
  }

  probe(run: RunId, entry: string, slot: number, _pid: number, what: Sought): void {
    this.#begin(run, entry, slot, what);
  }

  unprobe(run: RunId): void {
    const watch = this.#watches.get(run);
    if (watch === undefined) return;
    this.#watches.delete(run);
    watch.end.abort();
    if (watch.sign instanceof Pattern) this.#world.hush(run);
  }

  /**
   * No program is started for a while, as before a reload. One that cannot look would find nobody well, so nobody is examined
   * until then; after that it begins anew.
   */
  rest(on: boolean): void {
    this.#resting = on;
    for (const [run, { entry, slot, what, end }] of [...this.#watches]) {
      if (what !== "health") continue;
      if (on) end.abort();
      else this.#begin(run, entry, slot, what);
    }
  }

  /** About a run for which `isProbe` is true. */
  take(fact: ProgramFact): void {
    this.#programs.take(fact);
  }

  /** About any other run, after what has come before it was posted. */
  see(sign: Sign): void {
    if (this.#closed) return; // lines that were not seen are told to whoever comes next
    const watch = this.#watches.get(sign.run);
    // The process may be so new that the law has not asked for anything yet.
    if (watch === undefined && !this.#world.settled()) return void setImmediate(() => this.see(sign));
    if (sign.kind === "lines") this.#read(sign, watch);
    else if (watch?.sign === "newline") this.#proven(sign.run);
  }

  /** The end of this image: nothing is told after it. Whoever goes on with the state asks for all of it anew. */
  close(): void {
    this.#closed = true;
    for (const { end } of this.#watches.values()) end.abort();
    this.#watches.clear();
  }

  #begin(run: RunId, entry: string, slot: number, what: Sought): void {
    this.#watches.get(run)?.end.abort();
    this.#watches.delete(run);
    const asked = this.#world.asked(entry, slot);
    if (asked === null) return;
    const end = new AbortController();
    const sign = what === "health" ? null : signOf(asked.ready);
    this.#watches.set(run, { entry, slot, what, end, sign });
    if (what === "ready" && sign === null) this.#awaitReady(run, asked.ready, entry, slot, end.signal);
    if (what === "health" && !this.#resting) this.#examine(run, asked.health, entry, slot, end.signal);
  }

  #awaitReady(run: RunId, ready: Ready | null, entry: string, slot: number, ended: AbortSignal): void {
    if (ready === null || !("interval" in ready)) return; // the process says so itself
    const found = (message: string): void => this.#world.post([{ kind: "examined", run, ok: false, message }]);
    void untilReady(this.#lookOf(ready, entry, slot), ready.interval, ended, found).then((is) => {
      if (is) this.#proven(run);
    });
  }

  /** That it is still well is no news; and that nobody can look is told once of each process. */
  #examine(run: RunId, health: Health | null, entry: string, slot: number, ended: AbortSignal): void {
    if (health === null) return;
    let [isWell, isTold] = [false, false];
    const look = this.#lookOf(health.probe, entry, slot);
    void examine(look, health.interval, health.timeout, ended, (finding) => {
      if (finding !== null && typeof finding !== "string") {
        if (!isTold) this.#world.tell(`Whether ${slotId(entry, slot)} is well cannot be seen: ${finding.missing}.`);
        isTold = true;
        return;
      }
      if (finding !== null || !isWell) this.#world.post([{ kind: "examined", run, ok: finding === null, message: finding ?? "" }]);
      isWell = finding === null;
    });
  }

  #read({ run, stream, text }: Extract<Sign, { kind: "lines" }>, watch: Watch | undefined): void {
    if (watch?.sign instanceof Pattern) this.#match(run, text, watch, watch.sign);
    else this.#world.hush(run);
    this.#world.seenLines(run, stream);
  }

  #match(run: RunId, text: string, watch: Watch, pattern: Pattern): void {
    switch (pattern.match(text)) {
      case "match": return this.#proven(run);
      case "none": return;
      case "slow": return this.#complain(watch, "That counts as no match.");
      case "hopeless":
        this.unprobe(run);
        return this.#complain(watch, "It is not tried again on this process.");
    }
  }

  #complain({ entry, slot, sign }: Watch, consequence: string): void {
    this.#world.tell(`The ready pattern ${String(sign)} takes too long over what ${slotId(entry, slot)} prints. ${consequence}`);
  }

  #proven(run: RunId): void {
    this.unprobe(run);
    this.#world.post([{ kind: "proven", run }]);
  }

  #lookOf(probe: Probe, entry: string, slot: number): Look {
    switch (probe.kind) {
      case "tcp": return tcpLook(probe.host, probe.port);
      case "http": return httpLook(probe.url);
      case "exec": return this.#programs.look(entry, slot, probe.command, probe.args);
    }
  }
}

function signOf(ready: Ready | null): Watch["sign"] {
  if (ready?.kind === "fd") return "newline";
  return ready?.kind === "log" ? new Pattern(ready.source, ready.flags) : null;
}
