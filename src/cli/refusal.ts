/** What the machine refuses before the first start keeps Sentry from starting: said with what it was about. */
import { SentryError } from "../errors.ts";

/** What mends it where it is one of Sentry's own files. */
export const ELSEWHERE = "\nUse --run-dir to choose another folder for Sentry's own files.";

/**
 * Does it, and gives what comes of it.
 * @throws SentryError naming `what`: E_REFUSED where it is in use, E_PERMISSION, or E_FAILED
 */
export function orRefuse<T>(what: string, attempt: () => T, hint = ""): T {
  try {
    return attempt();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "EADDRINUSE") throw new SentryError("E_REFUSED", `cannot use ${what}: ${message}`);
    if (code !== "EACCES" && code !== "EPERM" && code !== "EROFS") throw new SentryError("E_FAILED", `cannot use ${what}: ${message}`);
    throw new SentryError("E_PERMISSION", `cannot use ${what}: ${message}${hint}`);
  }
}
