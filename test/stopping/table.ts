/**
 * Runs the programs of docs/stopping.md's table in all its columns, and compares what comes out with what the table says.
 *
 *   npm run test:stopping                fails where a cell is otherwise, and names it
 *   npm run test:stopping -- --write     writes the table
 *   npm run test:stopping -- redis       only the rows that have this in their title
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { packageFolder } from "../../src/native/load.ts";
import { answer } from "./cell.ts";
import { columns } from "./columns.ts";
import { Pen } from "./pen.ts";
import { programs } from "./programs.ts";

/** Of each program its cells. */
type Rows = Map<string, string[]>;

/** Much of the time is spent waiting: for Sentry to begin, for programs to be there. */
const AT_ONCE = 4;
const UNKNOWN = "?";
const HEAD = ["program", ...columns.map(({ title }) => title)];
const file = join(packageFolder(), "docs/stopping.md");
const TABLE = /(?<=<!-- table -->\n)[^]*?(?=<!-- \/table -->)/;

const { values: { write }, positionals: [part = ""] } =
  parseArgs({ options: { write: { type: "boolean", default: false } }, allowPositionals: true });
const chosen = programs.filter(({ title }) => write || title.includes(part));

if (process.getuid?.() === 0) await main();
else console.log("test:stopping is skipped: it is root's, for it makes cgroups and becomes other users");

async function main(): Promise<void> {
  await new Pen(`stopping-${process.pid}`).remove(); // where there can be none, that is said once
  const { rows, faults } = await run();
  const text = readFileSync(file, "utf8");
  if (write && faults.length === 0) writeFileSync(file, text.replace(TABLE, () => rendered(rows)));
  else faults.push(...differences(TABLE.exec(text)?.[0] ?? "", rows));
  for (const fault of faults) console.log(fault);
  console.log(`${chosen.length} programs in ${columns.length} columns: ${faults.length} faults`);
  if (faults.length > 0) process.exitCode = 1;
}

/** Some cases at once, the next one as soon as one is over. */
async function run(): Promise<{ rows: Rows; faults: string[] }> {
  const rows: Rows = new Map(chosen.map(({ title }) => [title, []]));
  const faults: string[] = [];
  const cases = columns.flatMap((column, place) => chosen.map((program) => ({ program, column, place }))).entries();
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (const [n, { program, column, place }] of cases) {
      const began = performance.now();
      const cell = await answer(program, column, `stopping-${process.pid}-${n}`).catch((error: Error) => {
        faults.push(`${program.title}, ${column.title}: ${error.message}`);
        return UNKNOWN;
      });
      (rows.get(program.title) ?? [])[place] = cell;
      console.log(`${program.title}, ${column.title}: ${cell} (${((performance.now() - began) / 1000).toFixed(1)} s)`);
    }
  }));
  return { rows, faults };
}

function rendered(rows: Rows): string {
  return [HEAD, HEAD.map(() => "---"), ...[...rows].map(([title, cells]) => [title, ...cells])]
    .map((words) => `| ${words.join(" | ")} |\n`).join("");
}

function differences(table: string, rows: Rows): string[] {
  const [, , ...lines] = table.split("\n").slice(0, -1);
  const written: Rows = new Map(lines.map((line) => {
    const [title = "", ...cells] = line.slice(2, -2).split(" | ");
    return [title, cells];
  }));
  const head = table.startsWith(rendered(new Map())) ? [] : ["docs/stopping.md has other columns"];
  const unknown = [...written.keys()].filter((title) => !programs.some((program) => program.title === title))
    .map((title) => `docs/stopping.md speaks of ${title}, which nobody runs`);
  const different = [...rows].flatMap(([title, cells]) => cells.map((cell, n) => {
    const says = written.get(title)?.[n] ?? "nothing";
    const isSame = cell === says || cell === UNKNOWN;
    return isSame ? [] : [`${title}, ${columns[n]?.title}: docs/stopping.md says ${says}; it is ${cell}`];
  })).flat();
  return [...head, ...unknown, ...different];
}
