/** Whether this machine has the users and groups that entries name: a configuration with others could not be used. */
import type { Configuration } from "../config/configuration.ts";
import { SentryError } from "../errors.ts";
import { loadAddon } from "../native/load.ts";

/** @throws SentryError E_CONFIG_INVALID with entry and option; E_FAILED where nobody can be asked */
export function refuseUnknownAccounts({ path, entries }: Configuration): void {
  const withAccounts = entries.filter(({ user, group, groups }) => user !== null || group !== null || groups !== null);
  if (withAccounts.length === 0) return; // and the addon need not be loaded
  const addon = loadAddon();
  for (const { law, user, group, groups } of withAccounts) {
    const refuse = (option: string, name: string, kind: string): never => {
      throw new SentryError("E_CONFIG_INVALID", `option \`${option}\` of entry \`${law.name}\` names \`${name}\`, `
        + `and this machine has no such ${kind}: create it, or give a number (${path})`);
    };
    if (user !== null && !addon.userMayExist(user)) refuse("user", user, "user");
    if (group !== null && !addon.groupMayExist(group)) refuse("group", group, "group");
    for (const name of groups ?? []) if (!addon.groupMayExist(name)) refuse("groups", name, "group");
  }
}
