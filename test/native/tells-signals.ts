/**
 * A process that loads the addon, says "ready", and then a line of JSON for each signal that it gets: with the argument
 * "early", also for those that it sends itself before it is there.
 */
import { loadAddon } from "../../src/native/load.ts";

const addon = loadAddon();
if (process.argv[2] === "early") {
  addon.noteSignals();
  for (const signal of ["SIGHUP", "SIGUSR2"]) process.kill(process.pid, signal);
}
addon.start({ spawners: 1, processEvents: false, cgroups: "sentry.signals", inherited: null }, (facts) => {
  for (const fact of facts) if (fact.kind === "signal") console.log(JSON.stringify(fact));
});
console.log("ready");
process.stdin.resume().on("end", () => process.exit());
