/** A process that has one child, which prints to its own stdout and stderr: `SCRIPT [USER]`. It ends as that one does. */
import type { Fact } from "../../src/native/addon.ts";
import { loadAddon } from "../../src/native/load.ts";
import { letStandardBlock } from "../../src/native/standard.ts";

const [script = "", user = null] = process.argv.slice(2);
letStandardBlock();
const addon = loadAddon();
addon.start({ spawners: 1, processEvents: false, cgroups: `sentry.inherits-${process.pid}`, inherited: null }, deliver);
addon.spawn({
  run: 1, command: "/bin/sh", argv: ["sh", "-c", script], env: [`PATH=${process.env["PATH"] ?? ""}`], cwd: "/", umask: null,
  user, group: null, groups: null, nice: null, oomScoreAdj: null, noNewPrivileges: false, limits: [], pass: [],
  notify: null, readyFd: null, tellLines: true,
  stdout: "inherit", stderr: "inherit", label: "x", slot: 0, colour: null, kept: "test.1 x:0", mark: "test.1",
});

function deliver(facts: Fact[]): void {
  for (const fact of facts) {
    if (fact.kind === "spawned" && fact.outPipe === 0 && fact.errPipe === 0) continue;
    if (fact.kind !== "exit") throw new Error(JSON.stringify(fact));
    addon.reap(fact.run);
    addon.stop();
    process.exitCode = fact.code ?? 1;
  }
}
