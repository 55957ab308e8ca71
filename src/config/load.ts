/**
 * Loads a configuration by having it evaluated in a process of its own. The supervisor carries neither compiler nor
 * user code, and imports little here: this process is started first of all, and boots while the rest of Sentry does.
 */
import { spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { SentryError } from "../errors.ts";
import type { Configuration } from "./configuration.ts";
import type { Answer } from "./evaluate.ts";

const seconds = 10;

const FATAL = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * @param path real path of the file, as `findConfig` gives it
 * @throws SentryError E_CONFIG_INVALID with one clear message, for whatever keeps the file from being used
 */
export function loadConfig(path: string): Promise<Configuration> {
  return new Promise((resolve, reject) => {
    const refuse = (message: string) => reject(new SentryError("E_CONFIG_INVALID", message));
    // What the program prints goes to stderr: stdout is Sentry's, and with --json one document. The flag lets
    // import.meta.resolve be asked on behalf of another file.
    const program = fileURLToPath(new URL("./evaluate.js", import.meta.url));
    const evaluation = spawn(process.execPath, ["--experimental-import-meta-resolve", program, path], {
      stdio: ["ignore", 2, 2, "pipe"],
    });
    const timer = setTimeout(() => {
      refuse(`${path} did not finish loading within ${seconds} s`);
      evaluation.kill("SIGKILL");
    }, seconds * 1000);

    // The answer is complete at its newline. Nothing that comes after it counts, and the process may not end by itself.
    let received = "";
    (evaluation.stdio[3] as Readable).setEncoding("utf8").on("data", (text: string) => {
      received += text;
      if (!text.endsWith("\n")) return;
      letGo();
      evaluation.kill("SIGKILL");
      const answer = parse(received);
      if (answer === null) refuse(`${path} wrote to descriptor 3, which is Sentry's`);
      else if ("error" in answer) refuse(answer.error);
      else resolve(answer.configuration);
    });

    // Whoever ends this command ends the evaluation as well: its program may run for ever.
    const callOff = (signal: NodeJS.Signals): void => {
      evaluation.kill("SIGKILL");
      process.kill(process.pid, signal);
    };
    for (const signal of FATAL) process.once(signal, callOff);
    // As soon as there is an answer: when Node lets go of a signal it sets the default action, also where somebody else (the
    // supervisor's native part) has taken the signal over meanwhile.
    const letGo = (): void => {
      for (const signal of FATAL) process.off(signal, callOff);
    };

    evaluation.on("error", (error) => refuse(`cannot evaluate ${path}: ${error.message}`));
    evaluation.on("close", (status, signal) => {
      clearTimeout(timer);
      letGo();
      refuse(`the evaluation of ${path} ended ${signal === null ? `with exit code ${status}` : `by ${signal}`}`);
    });
  });
}

/** The configuration's own program has the same descriptor, and may have written to it. */
function parse(line: string): Answer | null {
  try {
    const answer = JSON.parse(line) as Partial<Record<"error" | "configuration", unknown>> | null;
    const isAnswer = typeof answer?.error === "string"
      || Array.isArray((answer?.configuration as { entries?: unknown } | undefined)?.entries);
    return isAnswer ? answer as Answer : null;
  } catch {
    return null;
  }
}
