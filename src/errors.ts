/**
 * The one table of errors: each code that a user can meet, and the exit code of the command that meets it.
 * A SentryError is the caller's mistake, or what keeps the caller from getting what was asked for. It is
 * thrown; what the machine refuses while Sentry runs is a fault instead, and a value.
 */
const exitCodes = {
  E_FAILED: 1,
  E_USAGE: 2,
  E_CONFIG_MISSING: 2,
  E_NOT_RUNNING: 3,
  E_NO_SUCH_ENTRY: 4,
  E_NO_SUCH_SLOT: 4,
  E_RUNNING: 5,
  E_REFUSED: 5,
  E_PERMISSION: 5,
  E_TIMEOUT: 6,
  E_CONFIG_INVALID: 7,
} as const;

export type ErrorCode = keyof typeof exitCodes;

export class SentryError extends Error {
  override readonly name = "SentryError";
  /** Stable: a program may compare it. */
  readonly code: ErrorCode;
  /** What the command exits with. */
  readonly exitCode: number;

  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
    this.exitCode = exitCodes[code];
  }
}
