/** A process that loads the addon, says "ready", and then a line of JSON for each signal that it gets. */
import { loadAddon } from "../../src/native/load.ts";

const addon = loadAddon();
addon.start({ spawners: 1, processEvents: false, cgroups: "sentry.signals", inherited: null }, (facts) => {
  for (const fact of facts) if (fact.kind === "signal") console.log(JSON.stringify(fact));
});
console.log("ready");
process.stdin.resume().on("end", () => process.exit());
