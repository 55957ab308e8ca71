/**
 * The one table of errors: each code that a user can meet, and the exit code of the command that meets it. The documents
 * have the same table (docs/command.md), and a test compares the two.
 *
 * A SentryError is the caller's mistake, or what keeps the caller from getting what was asked for. It is thrown; what
 * the machine refuses while Sentry runs is a fault instead, and a value. A running Sentry tells of what it refuses over
 * HTTP, with codes of this table where the command has an exit code of its own for them.
 */
export const EXIT_CODES = {
  E_FAILED: 1,
  /** A running Sentry that does not know what it is asked: it is of another version. */
  E_VERSION: 1,
  E_TOO_LARGE: 1,
  E_MEDIA_TYPE: 1,
  E_BUSY: 1,
  /** Of an entry whose output Sentry does not have. */
  E_NOT_KEPT: 1,
  E_USAGE: 2,
  E_CONFIG_MISSING: 2,
  E_NOT_RUNNING: 3,
  E_NO_SUCH_ENTRY: 4,
  E_NO_SUCH_SLOT: 4,
  E_RUNNING: 5,
  E_REFUSED: 5,
  E_PERMISSION: 5,
  E_UNAUTHORIZED: 5,
  E_FORBIDDEN: 5,
  E_TIMEOUT: 6,
  E_CONFIG_INVALID: 7,
} as const;

export type ErrorCode = keyof typeof EXIT_CODES;

/** What an answer means whose `code` is not in the table: another version may have more of them. */
const BY_STATUS: Readonly<Record<number, ErrorCode>> = {
  400: "E_USAGE", 401: "E_UNAUTHORIZED", 403: "E_FORBIDDEN", 409: "E_REFUSED", 413: "E_TOO_LARGE", 415: "E_MEDIA_TYPE",
  422: "E_CONFIG_INVALID", 429: "E_BUSY",
};

export function codeOfProblem(code: unknown, status: number): ErrorCode {
  if (code === "E_NO_SUCH_ROUTE" || code === "E_METHOD") return "E_VERSION";
  if (typeof code === "string" && Object.hasOwn(EXIT_CODES, code)) return code as ErrorCode;
  return BY_STATUS[status] ?? "E_FAILED";
}

export class SentryError extends Error {
  override readonly name = "SentryError";
  /** Stable: a program may compare it. */
  readonly code: ErrorCode;
  /** What the command exits with. */
  readonly exitCode: number;

  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
    this.exitCode = EXIT_CODES[code];
  }
}
