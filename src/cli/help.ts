/** What `--help` shows, from the table of verbs. */
import { COMMON, VERBS } from "./verbs.ts";
import type { Verb, VerbName, VerbOption } from "./verbs.ts";

export function helpOfAll(): string {
  const verbs = Object.entries(VERBS).map(([name, { words, does }]) => [[name, ...words].join(" "), does] as const);
  return [
    "Usage: sentry <verb> [<config>] [options]", "",
    "Keeps programs running, and sees every exit exactly.", "",
    "Verbs:", ...columns(verbs), "",
    "sentry <verb> --help shows a verb's options and examples; sentry --version prints the version.",
    "An executable configuration is its own command: ./sample.ts start",
  ].join("\n");
}

export function helpOf(name: VerbName): string {
  const verb: Verb = VERBS[name];
  const options = Object.entries({ ...verb.options, ...COMMON }).flatMap(([option, is]) =>
    is.does === null ? [] : [[spelled(option, is), is.does] as const]);
  return [
    `Usage: sentry ${[name, ...verb.words].join(" ")} [options]`, "", `${verb.does}.`, "",
    "Options:", ...columns(options), "", "Examples:", ...verb.examples.map((example) => `  ${example}`),
  ].join("\n");
}

function spelled(option: string, { short, value }: VerbOption): string {
  return `${short === undefined ? "" : `-${short}, `}--${option}${value === undefined ? "" : ` <${value}>`}`;
}

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}
