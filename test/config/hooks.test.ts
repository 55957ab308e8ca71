import { strict as assert } from "node:assert";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { compile } from "../../src/config/compile.ts";
import { Hooks, type Times } from "../../src/config/hooks.ts";
import type { ProgramCode } from "../../src/config/thread.ts";
import { FakePast } from "../http/past.ts";
import { until } from "../support/until.ts";
import { door, inFolder } from "./folder.ts";

const LONG = 60_000;
const TIMES: Times = { answer: LONG, shortest: 1, longest: 4, stable: LONG, untold: LONG };

/** A configuration that is `on` alone: the body of a function of `event`. */
function programOf(on: string, before = ""): Promise<ProgramCode> {
  const text = `${door}\n${before}\nexport default sentry([], {\n  on: async (event) => {\n${on}\n  },\n});`;
  return inFolder({ "sample.ts": text }, async (folder) => {
    const path = join(folder, "sample.ts");
    return { code: (await compile(path)).code, path };
  });
}

/** The host of that hook, beside a history in memory, in which also stands what the host says is lost. */
class Hosted {
  readonly past = new FakePast();
  /** What was told, without line ends. */
  readonly told: string[] = [];
  readonly lost: number[] = [];
  threads = 0;
  #program: ProgramCode;

  constructor(program: ProgramCode) {
    this.#program = program;
  }

  host(t: TestContext, times: Partial<Times> = {}, after: number | null = null): Hooks {
    const hooks = new Hooks({
      program: this.#program, past: this.past, after,
      worker: () => {
        this.threads++;
        return new URL("../../src/config/hooks-worker.js", import.meta.url);
      },
      tell: (text) => this.told.push(...text.split("\n")),
      lost: (count) => {
        this.lost.push(count);
        this.past.record({ type: "lost", at: 0, entry: null, slot: null, pid: null, cause: null, by: null, what: "events", count });
      },
    }, { ...TIMES, ...times });
    t.after(() => hooks.close());
    return hooks;
  }

  happen(times: number): void {
    for (let n = 0; n < times; n++) this.past.happen("web");
  }

  /** The numbers that the hook has printed. */
  get printed(): number[] {
    return this.told.filter((line) => /^\d+$/.test(line)).map(Number);
  }

  untilPrinted(id: number): Promise<boolean> {
    return until(`${id} is printed`, () => this.printed.includes(id), () => this.told.join("\n"));
  }

  untilTold(text: string, times = 1): Promise<boolean> {
    return until(`${text} is told`, () => this.told.filter((line) => line.includes(text)).length >= times, () => this.told.join("\n"));
  }
}

const hosted = async (on: string, before = ""): Promise<Hosted> => new Hosted(await programOf(on, before));
const from = (first: number, last: number): number[] => Array.from({ length: last - first + 1 }, (_, n) => first + n);

test("a hook gets each event as the history has it, one after the other, and no thread is there before the first", async (t) => {
  const it = await hosted(`
    console.log(JSON.stringify(event)); console.log("begin", event.id);
    await new Promise((done) => setTimeout(done, 5)); console.log("end", event.id);`);
  const hooks = it.host(t);
  assert.equal(it.threads, 0);
  it.happen(3);
  await it.untilTold("end 3");
  assert.deepEqual(it.told.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line) as unknown), it.past.lines);
  assert.deepEqual(it.told.filter((line) => !line.startsWith("{")), from(1, 3).flatMap((id) => [`begin ${id}`, `end ${id}`]));
  await until("all is taken", () => hooks.lastTaken === 3);
  assert.deepEqual([it.threads, it.lost], [1, []]);
});

test("what a hook throws is told, with the event and the place, and it gets the next one", async (t) => {
  const it = await hosted('if (event.id === 1) throw new Error("boo");\nif (event.id === 2) throw 7;\nconsole.log(event.id);');
  it.host(t);
  it.happen(3);
  await it.untilPrinted(3);
  assert.deepEqual(it.told.slice(0, 2), [
    "`on` has failed with event 1 (scaled of web): Error: boo (sample.ts:5:27)",
    "`on` has failed with event 2 (scaled of web): threw 7",
  ]);
  assert.deepEqual([it.threads, it.lost], [1, []]);
});

test("a hook that throws at every event of a crash loop does not flood", async (t) => {
  const it = await hosted('if (event.id <= 900) throw new Error("boo");\nconsole.log(event.id);');
  it.host(t);
  it.happen(901);
  await it.untilPrinted(901);
  const faults = it.told.filter((line) => line.includes("has failed")).length;
  assert.ok(faults >= 5 && faults < 100, `${faults} lines`);
});

test("a hook that ends its thread loses that event, which is counted, and has a new thread for the next", async (t) => {
  const it = await hosted("if (event.id === 2) process.exit(3);\nconsole.log(event.id);");
  it.host(t);
  it.happen(3);
  await it.untilPrinted(4); // that one was lost
  assert.deepEqual(it.printed, [1, 3, 4]);
  assert.deepEqual([it.threads, it.lost], [2, [1]]);
  await it.untilTold("The thread of `on` has ended with event 2 (scaled of web): the program has ended it. The next one is started in 0.001 s at the earliest.");
});

test("threads that die are started again later and later, and what is lost does not bring about more of it", async (t) => {
  const it = await hosted("process.exit();");
  const hooks = it.host(t);
  it.happen(4);
  await until("all have come to nothing", () => hooks.lastTaken === it.past.lastId && it.threads >= 8);
  await it.untilTold("has ended", it.threads);
  const delays = it.told.map((line) => / in ([\d.]+) s at/.exec(line)?.[1]);
  assert.deepEqual(delays.slice(0, 5), ["0.001", "0.002", "0.004", "0.004", "0.004"]);
  assert.equal(it.lost.reduce((sum, count) => sum + count, 0), 4);
});

test("a thread that has lived long enough is started again as soon as the first", async (t) => {
  const it = await hosted("process.exit();");
  const hooks = it.host(t, { stable: 0 });
  it.happen(3);
  await until("all have come to nothing", () => hooks.lastTaken === it.past.lastId && it.told.length >= 3);
  for (const line of it.told) assert.match(line, / in 0\.001 s /);
});

test("a hook that blocks its thread, or never resolves, is given up", async (t) => {
  for (const body of ["for (;;);", "await new Promise(() => {});"]) {
    const it = await hosted(`if (event.id === 1) { ${body} }\nconsole.log(event.id);`);
    it.host(t, { answer: 2000 });
    it.happen(2);
    await it.untilTold("has ended with event 1 (scaled of web): it was not done with that within 2 s.");
    await it.untilPrinted(3);
    assert.deepEqual([it.printed, it.lost], [[2, 3], [1]]);
  }
});

test("a hook that takes all memory loses its thread, and nobody else does", async (t) => {
  const it = await hosted("if (event.id > 1) return void console.log(event.id);\nconst all: unknown[] = [];\nfor (;;) all.push(Array(1e5).fill(1.5));");
  it.host(t);
  it.happen(2);
  await it.untilPrinted(2);
  await it.untilTold("has ended with event 1 (scaled of web): Error: Worker terminated due to reaching memory limit");
});

test("a hook that prints without an end loses its thread, and what it prints is not kept", async (t) => {
  const it = await hosted('while (event.id === 1) { console.log("x".repeat(1000)); await new Promise(setImmediate); }\nconsole.log(event.id);');
  it.host(t);
  it.happen(2);
  await it.untilTold("The thread of `on` has ended with event 1 (scaled of web): it has printed more than 1 MiB.");
  await it.untilPrinted(2);
  assert(it.told.join("\n").length < 2 ** 20 + 1000);
});

test("a thread that dies between two events costs none", async (t) => {
  const it = await hosted('console.log(event.id);\nif (event.id === 1) setImmediate(() => { throw new Error("late"); });');
  it.host(t);
  it.happen(1);
  await it.untilTold("The thread of `on` has ended: Error: late (sample.ts:6:48)");
  it.happen(1);
  await it.untilPrinted(2);
  assert.deepEqual([it.printed, it.threads, it.lost], [[1, 2], 2, []]);
});

test("where the program cannot be imported, the events wait until it can", async (t) => {
  await inFolder({}, async (folder) => {
    const flag = join(folder, "flag");
    const it = await hosted("console.log(event.id);", `import { existsSync } from "node:fs";\nif (!existsSync(${JSON.stringify(flag)})) throw new Error("not yet");`);
    it.host(t);
    it.happen(2);
    await it.untilTold("The thread of `on` has ended: Error: not yet", 2);
    assert.ok(!existsSync(flag));
    writeFileSync(flag, "");
    await it.untilPrinted(2);
    assert.deepEqual([it.printed, it.lost], [[1, 2], []]);
  });
});

test("of more than a thousand that wait the oldest are lost, which is told once, when there is room again", async (t) => {
  const it = await hosted("console.log(event.type === \"lost\" ? `lost ${event.count}` : event.id);");
  it.host(t);
  it.happen(1500); // before the thread can be there
  assert.deepEqual(it.lost, []);
  await it.untilTold("lost 500");
  await until("the others were given", () => it.printed.length === 1000);
  assert.deepEqual([it.printed, it.lost], [from(501, 1500), [500]]);
});

test("where there is no room for long it is told anyway: what waits is lost too, so that what tells it comes next", async (t) => {
  const it = await hosted("console.log(event.type === \"lost\" ? `lost ${event.count}` : event.id);");
  it.host(t, { untold: 0 });
  it.happen(1500);
  await it.untilTold("lost 1500");
  it.happen(1);
  await it.untilPrinted(1502);
  assert.deepEqual([it.printed, it.lost], [[1502], [1500]]);
});

test("at the end it is told what was lost, and what has not been given in time", async (t) => {
  const it = await hosted("console.log(event.id);\nawait new Promise(() => {});");
  const hooks = it.host(t);
  it.happen(1200);
  await it.untilPrinted(201);
  await hooks.finish(1);
  assert.deepEqual([it.printed, it.lost], [[201], [200, 999]]);
});

test("by a reload no event is missed, and none is given twice", async (t) => {
  const it = await hosted("console.log(event.id);\nawait new Promise((done) => setImmediate(done));");
  const before = it.host(t);
  it.happen(300);
  await it.untilPrinted(20);
  await before.rest(LONG);
  const taken = before.lastTaken;
  it.happen(50);
  assert.equal(before.lastTaken, taken);
  before.close();
  it.happen(50);
  assert.ok(taken >= 20 && taken < 300, String(taken));
  const after = it.host(t, {}, taken);
  it.happen(100); // while the past is read
  await until("all was given", () => after.lastTaken === 500);
  await it.untilPrinted(500);
  assert.deepEqual([it.printed, it.lost], [from(1, 500), []]);
});

test("a reload does not wait for a hook that hangs: that event is lost, and counted", async (t) => {
  const it = await hosted("console.log(event.id);\nif (event.id === 2) await new Promise(() => {});");
  const before = it.host(t);
  it.happen(3);
  await it.untilPrinted(2);
  await before.rest(1);
  assert.deepEqual([it.lost, before.lastTaken], [[1], 2]);
  before.close();
  it.host(t, {}, before.lastTaken);
  await it.untilPrinted(4);
  assert.deepEqual(it.printed, [1, 2, 3, 4]);
});

test("what the history has not any more is counted as lost", async (t) => {
  const it = await hosted("console.log(event.id);");
  it.happen(10);
  it.past.lines.splice(0, 6);
  it.host(t, {}, 2);
  await it.untilPrinted(11);
  assert.deepEqual([it.printed, it.lost], [from(7, 11), [4]]);
});

test("at the end all is given that can be, and a thread that waits to be started anew is not waited for", { timeout: 50_000 }, async (t) => {
  const it = await hosted("await new Promise((done) => setTimeout(done, 1));\nif (event.entry === \"exits\") process.exit();\nconsole.log(event.id);");
  const hooks = it.host(t, { shortest: LONG, longest: LONG });
  it.happen(20);
  await hooks.finish(LONG);
  assert.equal(hooks.lastTaken, 20);
  it.past.happen("exits");
  it.happen(1);
  await hooks.finish(LONG);
  assert.deepEqual([it.printed, it.lost], [from(1, 20), [1, 1]]);
  await hooks.finish(LONG);
});

test("after a close nothing is heard, and nothing is told", async (t) => {
  const it = await hosted("for (;;);");
  const hooks = it.host(t);
  it.happen(1);
  await until("a thread is there", () => it.threads === 1);
  hooks.close();
  it.happen(1);
  assert.deepEqual([it.past.listeners, it.told, it.lost], [0, [], []]);
});
