/** What a start comes to: a process, those that it has started, and those that it leaves in its place. */
import type { Millis, Scope } from "../../src/core/types.ts";
import type { Agenda } from "./agenda.ts";

/** `unknown`: somebody else in the process has reaped it. */
export type Ending = { readonly code: number } | { readonly signal: string; readonly coreDumped?: boolean } | { readonly unknown: true };

/** How a process lives and ends. */
export interface Program {
  /** Infinity: until it is told to end. */
  readonly livesFor: Millis;
  readonly ending: Ending;
  /** How long it takes to end when it is asked to; null: it does not heed that. SIGKILL it always heeds … */
  readonly heedsAfter: Millis | null;
  /** … but it may be in state D for so long. */
  readonly killedAfter: Millis;
  /** What it starts as its first act, to live on its own. */
  readonly leaves?: readonly Program[];
  /** What it starts when it ends by itself: it forks itself away. */
  readonly forks?: readonly Program[];
  /** It has a session of its own. */
  readonly detached?: boolean;
  /** What the kernel says to a signal for it. */
  readonly refuses?: string;
}

/** One process of a run. */
export class Member {
  readonly pid: number;
  readonly program: Program;
  readonly parent: Member | null;
  alive = true;
  readonly #told = new Set<string>();
  readonly #agenda: Agenda;
  readonly #over: (ending: Ending, byItself: boolean) => void;

  constructor(
    agenda: Agenda, pid: number, program: Program, parent: Member | null,
    over: (member: Member, ending: Ending, byItself: boolean) => void,
  ) {
    this.#agenda = agenda;
    this.pid = pid;
    this.program = program;
    this.parent = parent;
    this.#over = (ending, byItself) => over(this, ending, byItself);
    if (program.livesFor !== Infinity) agenda.in(program.livesFor, () => this.die(program.ending, true));
  }

  get state(): string {
    return this.#told.has("SIGKILL") && this.program.killedAfter > 0 ? "D" : "S";
  }

  /** It, or whoever it comes from, has left the group. */
  get isDetached(): boolean {
    return this.program.detached === true || this.parent?.isDetached === true;
  }

  get isOrphan(): boolean {
    return this.parent?.alive !== true;
  }

  /** Each signal once. Says whether it was news. */
  tell(signal: string): boolean {
    if (this.#told.has(signal)) return false;
    this.#told.add(signal);
    this.take(signal);
    return true;
  }

  /** Nobody knows any more what it was told. */
  forget(): void {
    this.#told.clear();
  }

  take(signal: string): void {
    const { heedsAfter, killedAfter, refuses } = this.program;
    const after = signal === "SIGKILL" ? killedAfter : heedsAfter;
    if (refuses === undefined && after !== null) this.#agenda.in(after, () => this.die({ signal }));
  }

  /** Nothing happens where it has ended already. */
  die(ending: Ending, byItself = false): void {
    if (!this.alive) return;
    this.alive = false;
    this.#over(ending, byItself);
  }
}

/** The processes of one run. */
export class Family {
  /** The run's process; it may have ended. */
  leader: Member | null = null;
  readonly #all: Member[] = [];
  #killing: Scope | null = null;
  readonly #agenda: Agenda;
  readonly #over: (member: Member, ending: Ending) => void;

  constructor(agenda: Agenda, over: (member: Member, ending: Ending) => void) {
    this.#agenda = agenda;
    this.#over = over;
  }

  begin(pid: number, program: Program): void {
    this.leader = this.#add(pid, program, null);
  }

  /** Who is still there, of those who are meant. */
  living(scope: Scope): Member[] {
    return this.#all.filter((member) => member.alive && this.#isMeant(member, scope));
  }

  /** Who could be the daemon: what has been left, but not what that has started itself. */
  candidates(): Member[] {
    return this.living("tree").filter((member) => member.isOrphan);
  }

  /** Says whether anybody had not been told yet. */
  end(signal: string, scope: Scope): boolean {
    if (signal === "SIGKILL") this.#killing = scope;
    return this.living(scope).filter((member) => member.tell(signal)).length > 0;
  }

  /** Nobody sees to it any more that what is being killed ends. */
  letGo(): void {
    this.#killing = null;
  }

  forget(): void {
    for (const member of this.#all) member.forget();
  }

  #add(pid: number, program: Program, parent: Member | null): Member {
    const member = new Member(this.#agenda, pid, program, parent, (...end) => this.#ended(...end));
    this.#all.push(member);
    for (const child of program.leaves ?? []) this.#add(this.#newPid(), child, member);
    if (this.#killing !== null && this.#isMeant(member, this.#killing)) member.tell("SIGKILL");
    return member;
  }

  #ended(member: Member, ending: Ending, byItself: boolean): void {
    const { forks } = member.program;
    if (byItself) for (const child of forks ?? []) this.#add(this.#newPid(), child, member);
    this.#over(member, ending);
  }

  #isMeant(member: Member, scope: Scope): boolean {
    return scope === "tree" || member === this.leader || (scope === "group" && !member.isDetached);
  }

  #newPid(): number {
    return 1000 + this.#all.length;
  }
}
