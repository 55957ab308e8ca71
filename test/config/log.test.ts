import { strict as assert } from "node:assert";
import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { complete } from "../../src/config/complete.ts";
import { readProgram } from "../../src/config/given.ts";
import { loadConfig } from "../../src/config/load.ts";
import { entry, sentry, type EntryOptions, type LogOptions } from "../../src/index.ts";
import { complaint, door, inFolder, load } from "./folder.ts";

/** Completes entries with these options: `a`, `b`, and so on, of `FOLDER/sample.ts`. */
function completed(folder: string, ...options: EntryOptions[]) {
  const entries = options.map((one, n) => entry("abcdef"[n] ?? "x", "true", [], one));
  const path = join(folder, "sample.ts");
  return complete(path, folder, readProgram(sentry(entries), path)).entries.map(({ log }) => log);
}

/** What is said about them. */
function refused(folder: string, ...options: EntryOptions[]): string {
  try {
    completed(folder, ...options);
  } catch (error) {
    return (error as Error).message;
  }
  return "accepted";
}

const to = (file: string, more: Omit<LogOptions, "file"> = {}): { log: LogOptions } => ({ log: { file, ...more } });

test("where output goes arrives with every default filled in", async () => {
  const { entries } = await load(`${door}
export default sentry([
  entry("plain", "b"), entry("seen", "b", { log: "inherit" }), entry("silent", "b", { log: "none", ready: { log: /a/ } }),
  entry("file", "b", { log: { file: "/srv/web.{slot}.log" } }),
  entry("all", "b", [], 1, 2, { log: { file: "/srv/all.log", maxSize: "64K", keep: 0, compress: false, format: "json", terminal: true } }),
]);`);
  assert.deepEqual(entries.map(({ log }) => log), [
    null, { kind: "inherit" }, { kind: "none" },
    { kind: "file", file: "/srv/web.{slot}.log", maxSize: 10 * 1024 ** 2, keep: 5, compress: false, format: "raw", terminal: false },
    { kind: "file", file: "/srv/all.log", maxSize: 65_536, keep: 0, compress: false, format: "json", terminal: true },
  ]);
});

test("a file is relative to the configuration's folder, and need not be there", async () => {
  await inFolder({ "conf/sample.ts": `${door}\nexport default sentry([entry("a", "b", { cwd: "/", count: 3, log: { file: "../logs/./a.log" } })]);` }, async (folder) => {
    const { entries: [only] } = await loadConfig(join(folder, "conf/sample.ts"));
    assert.equal(only?.log?.kind === "file" && only.log.file, join(folder, "logs/a.log"));
  });
});

test("a refusal says where it stands", async () => {
  assert.equal(
    await complaint(`${door}\nexport default sentry([\n  entry("a", "b", { log: { file: "x.log", maxSize: 0 } }),\n]);`),
    'option `log.maxSize` of entry `a` is 0 bytes, and must be from 4096 ("4K") to 1125899906842624 ("1048576G") (sample.ts:3:3)',
  );
  assert.match(
    await complaint(`${door}\nexport default sentry([\n  entry("a", "b", { log: { file: "x.log" } }),\n  entry("b", "b", { log: { file: "x.log" } }),\n]);`),
    /^option `log\.file` of entry `b` is .*\/x\.log, which is the file of entry `a`: name another one \(sample\.ts:4:3\)$/,
  );
});

test("a size has bounds, which are allowed themselves", () => {
  for (const maxSize of [4096, "4K", 2 ** 50, "1048576G"] as const) assert.equal(completed("/", to("a", { maxSize })).length, 1);
  for (const maxSize of [0, 1, 4095, "3K", 2 ** 50 + 1, "1048577G"] as const) {
    assert.match(refused("/", to("a", { maxSize })), /^option `log\.maxSize` of entry `a` is \d+ bytes, and must be from 4096 \("4K"\)/, String(maxSize));
  }
  assert.match(refused("/", to("a", { keep: 0, compress: true })), /^option `log\.compress` of entry `a` means nothing with `keep: 0`/);
});

test("a readiness that is never seen is refused", () => {
  assert.match(refused("/", { log: "inherit", ready: { log: /a/ } }), /^option `log` of entry `a` is "inherit", and then Sentry sees no line of it: `ready: \{ log \}` would never/);
  for (const options of [{ log: "inherit", ready: "notify" }, { log: "none", ready: { log: /a/ } }] as const) assert.equal(refused("/", options), "accepted");
});

test("what is no name of a file is refused, and told what to write", () => {
  const cases: [string, RegExp][] = [
    ["logs/", /is "logs\/", a folder: name a file in it$/],
    ["logs/..", /is "logs\/\.\.", a folder/],
    [".", /is "\.", a folder/],
    ["/", /is "\/", a folder/],
    ["/dev/stdout", /is \/dev\/stdout, and no file: write `log: "inherit"`/],
    ["/dev/stderr", /write `log: "inherit"`/],
    ["/dev/fd/1", /write `log: "inherit"`/],
    ["/proc/self/fd/2", /write `log: "inherit"`/],
    ["/dev/null", /is \/dev\/null: write `log: "none"`/],
    ["/dev/zero", /is \/dev\/zero, which is there as a device, a pipe or a socket: a log is a file$/],
    ["~/web.log", /has "~" in it: nothing stands for something else in a name but `\{slot\}`/],
    ["$HOME/web.log", /has "\$H" in it/],
    ["${HOME}/web.log", /has "\$\{" in it/],
    ["web-{pid}.log", /has "\{pid\}" in it/],
    ["web-{Slot}.log", /has "\{Slot\}" in it/],
    ["web-%(process_num)s.log", /has "%\(" in it/],
    ["web-%Y-%m.log", /has "%Y" in it/],
    ["append:/var/log/web.log", /begins with "append:", and must be a path alone/],
    ["file:///var/log/web.log", /begins with "file:"/],
    ["x".repeat(201), /has a name of 201 bytes: rotated files need room for more, so it has at most 200$/],
  ];
  for (const [file, said] of cases) {
    assert.match(refused("/tmp", to(file)), said, file);
    assert.match(refused("/tmp", to(file)), /^option `log\.file` of entry `a` /);
  }
  for (const file of ["a b.log", "100%.log", "a~", "{slot}", "{slot}/{slot}.log", "a$.log", "x".repeat(200)]) assert.equal(refused("/tmp", to(file)), "accepted", file);
});

test("what is there already and is no file is refused", async () => {
  await inFolder({ "a.log": "", "slots/7": "" }, (folder) => {
    mkdirSync(join(folder, "folder.0"));
    symlinkSync("a.log", join(folder, "link"));
    symlinkSync("nowhere", join(folder, "dangling"));
    execFileSync("mkfifo", [join(folder, "fifo")]);
    assert.equal(refused(folder, to("a.log")), "accepted");
    assert.match(refused(folder, to("slots")), /is .*\/slots, a folder that is there: name a file in it$/);
    assert.match(refused(folder, to("folder.{slot}")), /a folder that is there/);
    for (const link of ["link", "dangling"]) assert.match(refused(folder, to(link)), /a link, and output is never written through one: name the file that it leads to$/);
    assert.match(refused(folder, to("fifo")), /which is there as a device, a pipe or a socket/);
  });
});

test("two entries have two files, however these are written", async () => {
  await inFolder({ "logs/x": "" }, (folder) => {
    symlinkSync("logs", join(folder, "also"));
    const is = /^option `log\.file` of entry `b` is .*, which is the file of entry `a`: name another one$/;
    assert.match(refused(folder, to("a.log"), to("./logs/../a.log")), is);
    assert.match(refused(folder, to("logs/a.log"), to("also/a.log")), is);
    assert.match(refused(folder, to("logs/new/a.log"), to("also/new/a.log")), is);
    assert.match(refused(folder, to("a.{slot}"), to("a.{slot}")), is);
    assert.match(refused(folder, to("a-{slot}.log"), to("a-1.log")), /which can be the file of entry `a`, .*\/a-\{slot\}\.log: name/);
    assert.match(refused(folder, to("a1.log"), to("a{slot}.log")), /which can be the file of entry `a`, .*\/a1\.log: name/);
    assert.match(refused(folder, to("a-{slot}"), to("a-1{slot}")), /which can be the file of entry `a`/);
    assert.equal(refused(folder, to("a.log"), to("b.log"), to("a-{slot}.log"), to("b-{slot}.log"), to("a-x.log")), "accepted");
    assert.equal(refused(folder, { ...to("a.log"), count: 5 }), "accepted");
  });
});

test("no file has a name that rotated ones of another have", () => {
  const cases: [string, string, RegExp | "accepted"][] = [
    ["a.log", "a.log.1", /is \/a\.log\.1, a name that rotated files of \/a\.log have, which is the file of entry `a`: name another one$/],
    ["a.log", "a.log.12.gz", /a name that rotated files of \/a\.log have/],
    ["a.log.3", "a.log", /is \/a\.log, whose rotated files would take the name of \/a\.log\.3, the file of entry `a`: name another one$/],
    ["a.log.3.gz", "a.log", /whose rotated files would take the name of/],
    ["a.log", "a.log.packing", /a name that rotated files of \/a\.log have/],
    ["a", "a.{slot}", /a name that rotated files of \/a have/],
    ["a.{slot}", "a", /whose rotated files would take the name of/],
    ["a{slot}", "a1.{slot}", /a name that rotated files of \/a\{slot\} have/],
    ["a.log", "a.log.gz", "accepted"],
    ["a.log", "a.log.x", "accepted"],
    ["a.log", "a.log2", "accepted"],
    ["a.log", "a.log.1/b.log", "accepted"],
  ];
  for (const [one, other, said] of cases) assert.match(refused("/", to(one), to(other)), said === "accepted" ? /^accepted$/ : said, `${one} ${other}`);
});

test("Sentry's own files, and what else entries write and read, is no log", () => {
  const cases: [EntryOptions, RegExp][] = [
    [to("sample.ts"), /is \/srv\/sample\.ts, which is the configuration: name another one$/],
    [to("sample.pid"), /which is Sentry's PID file/],
    [to("sample.run/history"), /in Sentry's own folder \/srv\/sample\.run: name a file elsewhere$/],
    [to("sample.run/logs/a.log"), /in Sentry's own folder/],
    [to("sample.run"), /in Sentry's own folder/],
    [{ ...to("a.pid"), daemon: { pidFile: "a.pid" } }, /which is the `pidFile` of entry `a`/],
    [{ ...to("a.{slot}"), daemon: { pidFile: "a.3" } }, /which can be the `pidFile` of entry `a`, \/srv\/a\.3/],
    [{ ...to("a"), daemon: { pidFile: "a.{slot}" } }, /whose rotated files would take the name of \/srv\/a\.\{slot\}, the `pidFile` of entry `a`/],
    [{ ...to("a.env"), envFile: "a.env" }, /which is the `envFile` of entry `a`/],
    [{ ...to("a.sock"), listen: [80, "./a.sock"] }, /which is a socket of entry `a`/],
  ];
  for (const [options, said] of cases) assert.match(refused("/srv", options), said, JSON.stringify(options));
  for (const file of ["sample.running/a", "sample.log", "sample.pid.x", "x/sample.run", "sample.ts.log"]) assert.equal(refused("/srv", to(file)), "accepted", file);
});
