/** A process that loads the addon and ends at the point that is named: all of them are points at which a real one may end. */
import { Worker, isMainThread, parentPort, workerData } from "node:worker_threads";

import type { Addon, Fact } from "../../src/native/addon.ts";
import { loadAddon } from "../../src/native/load.ts";

const point = isMainThread ? process.argv[2] ?? "" : String(workerData);
const never = 2 ** 30;

function start(addon: Addon, deliver: (facts: Fact[]) => void = () => {}): void {
  addon.start({ spawners: 4, processEvents: true, cgroups: `sentry.ends-${process.pid}`, inherited: null }, deliver);
}

function spawn(addon: Addon, count: number, command = "sleep", args = ["1000"]): void {
  const sink = addon.openTerminal(1, false);
  for (let run = 1; run <= count; run++) {
    addon.spawn({
      run, command, argv: [command, ...args], env: [`PATH=${process.env["PATH"] ?? ""}`, `TEST_SITE=${process.env["TEST_SITE"] ?? ""}`],
      cwd: "/", umask: null, user: null, group: null, groups: null, nice: null, oomScoreAdj: null, noNewPrivileges: false,
      limits: [], pass: [], notify: null, readyFd: null, tellLines: false,
      stdout: sink, stderr: sink, label: "x", slot: 0, colour: null, kept: `test.${run} x:0`, mark: `test.${run}`,
    });
  }
}

/** Keeps the event loop from running empty. */
function stay(): void {
  setInterval(() => {}, never);
}

const points: Record<string, () => void> = {
  "after it was loaded": () => { loadAddon(); },
  "with process.exit after it was loaded": () => { loadAddon(); process.exit(0); },
  "after start()": () => { start(loadAddon()); process.exit(0); },
  "after stop()": () => { const addon = loadAddon(); start(addon); addon.stop(); },
  "after stop() was called twice": () => { const addon = loadAddon(); start(addon); addon.stop(); addon.stop(); },
  "after it was started once more": () => { const addon = loadAddon(); start(addon); addon.stop(); start(addon); addon.stop(); },
  "with children that are running": () => {
    const addon = loadAddon();
    let running = 0;
    start(addon, (facts) => { running += facts.length; if (running === 20) process.exit(0); });
    spawn(addon, 20);
    stay();
  },
  "with stop() while children are running": () => {
    const addon = loadAddon();
    let running = 0;
    start(addon, (facts) => {
      running += facts.length;
      if (running === 20) setImmediate(() => { addon.stop(); process.exit(0); });
    });
    spawn(addon, 20);
    stay();
  },
  "in the middle of starts": () => { const addon = loadAddon(); start(addon); spawn(addon, 200); process.exit(0); },
  "with stop() in the middle of starts": () => { const addon = loadAddon(); start(addon); spawn(addon, 200); addon.stop(); process.exit(0); },
  "in the middle of exits": () => {
    const addon = loadAddon();
    start(addon, (facts) => { if (facts.some(({ kind }) => kind === "exit")) process.exit(0); });
    spawn(addon, 200, "true", []);
    stay();
  },
  "with exits that were not reaped": () => {
    const addon = loadAddon();
    let exits = 0;
    start(addon, (facts) => { exits += facts.filter(({ kind }) => kind === "exit").length; if (exits === 50) process.exit(0); });
    spawn(addon, 50, "true", []);
    stay();
  },
  "with stop() inside of deliver": () => {
    const addon = loadAddon();
    start(addon, () => { addon.stop(); process.exitCode = 0; setImmediate(() => process.exit()); });
    spawn(addon, 5, "true", []);
    stay();
  },
  "with an uncaught exception inside of deliver": () => {
    const addon = loadAddon();
    start(addon, () => { throw new Error("thrown inside of deliver"); });
    spawn(addon, 5, "true", []);
    stay();
  },
  "with output that nobody has read": () => {
    const addon = loadAddon();
    start(addon, () => process.exit(0));
    spawn(addon, 5, "yes", []);
    addon.flush(1);
    stay();
  },
  "by SIGKILL": () => { const addon = loadAddon(); start(addon); spawn(addon, 5); process.kill(process.pid, "SIGKILL"); },
  "in the middle of sweeps": () => {
    const addon = loadAddon();
    for (let n = 0; n < 20; n++) void addon.sweep([{ pid: process.pid, startTicks: 0 }]);
    process.exit(0);
  },
  "with a sweep that ends when nothing else is to be done": () => {
    process.exitCode = 8;
    void loadAddon().sweep([{ pid: process.pid, startTicks: 0 }]).then(([found]) => {
      process.exitCode = found === null ? 9 : 0;
    });
  },
  "in a worker thread that is terminated in the middle of sweeps": () => {
    if (isMainThread) {
      const worker = new Worker(new URL(import.meta.url), { workerData: point });
      worker.on("message", () => void worker.terminate().then(() => process.exit(0)));
      return;
    }
    const addon = loadAddon();
    const again = (): void => void addon.sweep([{ pid: process.pid, startTicks: 0 }]).then(again);
    for (let n = 0; n < 20; n++) again();
    parentPort?.postMessage("up");
    stay();
  },
  "in a worker thread that ends": () => {
    if (isMainThread) {
      new Worker(new URL(import.meta.url), { workerData: point }).on("exit", (code) => process.exit(code));
      return;
    }
    const addon = loadAddon();
    start(addon);
    spawn(addon, 5);
    setImmediate(() => process.exit(0));
  },
  "in a worker thread that is terminated": () => {
    if (isMainThread) {
      const worker = new Worker(new URL(import.meta.url), { workerData: point });
      worker.on("message", () => void worker.terminate().then(() => process.exit(0)));
      return;
    }
    const addon = loadAddon();
    start(addon, (facts) => { if (facts.some(({ kind }) => kind === "spawned")) parentPort?.postMessage("up"); });
    spawn(addon, 20);
    stay();
  },
};

if (process.argv[2] === "--points") console.log(JSON.stringify(Object.keys(points)));
else points[point]?.();
