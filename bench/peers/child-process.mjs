// What loop.c does, with Node's child_process: the same arguments, the same answer. Its children get no pipes, which is
// the cheapest that it can do.
import { spawn } from "node:child_process";
import { openSync } from "node:fs";

const [count, inFlight, descriptors] = process.argv.slice(2, 5).map(Number);
const [program, ...args] = process.argv.slice(5);
for (let n = 0; n < descriptors; n++) openSync("/dev/null");

const moments = [process.hrtime.bigint()];
let started = 0;
while (started < Math.min(inFlight, count)) start();

function start() {
  started++;
  spawn(program, args, { stdio: "ignore" }).on("exit", () => {
    moments.push(process.hrtime.bigint());
    if (started < count) start();
    if (moments.length > count) process.stdout.write(`${moments.join("\n")}\n`);
  });
}
