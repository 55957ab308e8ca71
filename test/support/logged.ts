/** What processes print into files of `log`: programs that print, and what is in the files then. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { gunzipSync } from "node:zlib";

import type { Site } from "./site.ts";
import { until } from "./until.ts";

/** An entry whose program is a script of the shell. */
export function shell(name: string, script: string, more: object = {}): string {
  return `entry("${name}", "sh", ["-c", ${JSON.stringify(script)}], ${JSON.stringify(more)})`;
}

/** The same, which runs but once. */
export function once(name: string, script: string, more: object = {}): string {
  return shell(name, script, { restart: "never", ...more });
}

/**
 * Prints `SLOT-1`, `SLOT-2` and so on, some hundred lines at a time, until there is a file `enough`; then tells by a file
 * `all.SLOT` how many lines that were, and goes on living. In between it lets others have the processor: what is printed
 * without end would only make all that is looked at here longer.
 */
export const COUNTING = [
  "n=0", 'until [ -e enough ]; do seq -f "$SENTRY_SLOT-%.0f" $((n+1)) $((n+200)); n=$((n+200)); sleep 0.003; done',
  "echo $n > all.new.$SENTRY_SLOT", "mv all.new.$SENTRY_SLOT all.$SENTRY_SLOT", "exec sleep 1000",
].join("; ");

/** Ends the counting, and gives how many lines that slot has printed. */
export async function enough(site: Site, slot = 0): Promise<number> {
  if (!existsSync(site.path("enough"))) site.write("enough", "");
  await until("all is printed", () => existsSync(site.path(`all.${slot}`)));
  return Number(readFileSync(site.path(`all.${slot}`), "utf8"));
}

/** The names of a file and of those that it was before, the oldest first. */
export function namesOf(site: Site, file: string): string[] {
  const ages = new Map(readdirSync(site.folder).flatMap((name) => {
    const [, age] = name.startsWith(`${file}.`) ? /^\.(\d+)(?:\.gz)?$/.exec(name.slice(file.length)) ?? [] : [];
    return age === undefined ? [] : [[name, Number(age)] as const];
  }));
  const older = [...ages].sort(([, one], [, other]) => other - one).map(([name]) => name);
  return existsSync(site.path(file)) ? [...older, file] : older;
}

/** All that is in a file, and in those that it was before; once more where they are just being renamed. */
export function allOf(site: Site, file: string): string {
  for (;;) {
    try {
      return namesOf(site, file).map((name) => contentOf(site, name)).join("");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
}

export function contentOf(site: Site, name: string): string {
  const bytes = readFileSync(site.path(name));
  return (name.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("latin1");
}

/** The numbers that a slot of `COUNTING` has printed, in the order in which they are there. Half a line is an error. */
export function counted(text: string, slot = 0): number[] {
  const lines = text.split("\n");
  if (lines.pop() !== "") throw new Error("the last line has no end");
  return lines.flatMap((line) => {
    const [, whose, number] = /^(?:\d\d:\d\d:\d\d \S+ +|\{.*"text":")?(\d+)-(\d+)(?:"\})?$/.exec(line) ?? [];
    if (number === undefined) throw new Error(`no whole line: ${line}`);
    return Number(whose) === slot ? [Number(number)] : [];
  });
}

export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, n) => n + 1);
}

/** Waits until a file, and those that it was before, have so many bytes that a test has something to look at. */
export async function grows(site: Site, file: string, bytes: number): Promise<void> {
  await until(`${file} has ${bytes} bytes more`, () => namesOf(site, file).length > 1 || sizeOf(site, file) >= bytes);
}

export function sizeOf(site: Site, file: string): number {
  return statSync(site.path(file), { throwIfNoEntry: false })?.size ?? 0;
}
