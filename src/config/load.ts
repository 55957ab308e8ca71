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

    // The answer is complete at its newline: how long the process then takes to end is nobody's business.
    let received = "";
    (evaluation.stdio[3] as Readable).setEncoding("utf8").on("data", (text: string) => {
      received += text;
      if (!text.endsWith("\n")) return;
      const answer = parse(received);
      if (answer === null) refuse(`${path} wrote to descriptor 3, which is Sentry's`);
      else if ("error" in answer) refuse(answer.error);
      else resolve(answer.configuration);
    });

    evaluation.on("error", (error) => refuse(`cannot evaluate ${path}: ${error.message}`));
    evaluation.on("close", (status, signal) => {
      clearTimeout(timer);
      refuse(`the evaluation of ${path} ended ${signal === null ? `with exit code ${status}` : `by ${signal}`}`);
    });
  });
}

function parse(line: string): Answer | null {
  try {
    return JSON.parse(line) as Answer;
  } catch {
    return null;
  }
}
