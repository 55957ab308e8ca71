/** `sentry check`: compiles and validates, touches nothing. */
import { loadConfig } from "../config/load.ts";
import { refuseUnknownAccounts } from "./accounts.ts";
import { print } from "./print.ts";

export async function check(path: string, json: boolean): Promise<void> {
  const configuration = await loadConfig(path);
  refuseUnknownAccounts(configuration);
  const { entries } = configuration;
  const names = entries.map((entry) => entry.law.name);
  const processes = entries.reduce((sum, entry) => sum + entry.law.count, 0);
  print(json ? { valid: true, config: path, entries: names, processes }
    : `${path} is valid: ${counted(names.length, "entry", "entries")}, ${counted(processes, "process", "processes")}.`);
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}
