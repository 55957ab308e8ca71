/**
 * The signals that there are, by their names in signal(7), as native/exit.cc knows them. Numbers are not among them: they
 * differ between architectures. Nor are second names of the same signal (SIGIOT, SIGPOLL): one is told by one name.
 */
export const signals = [
  "SIGHUP", "SIGINT", "SIGQUIT", "SIGILL", "SIGTRAP", "SIGABRT", "SIGBUS", "SIGFPE", "SIGKILL", "SIGUSR1", "SIGSEGV",
  "SIGUSR2", "SIGPIPE", "SIGALRM", "SIGTERM", "SIGSTKFLT", "SIGCHLD", "SIGCONT", "SIGSTOP", "SIGTSTP", "SIGTTIN",
  "SIGTTOU", "SIGURG", "SIGXCPU", "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO", "SIGPWR", "SIGSYS", "SIGRTMIN",
] as const;

type Digit = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;

/** Musl has one real-time signal fewer than glibc, so the last one of glibc, SIGRTMIN+30, is none here. */
export type Signal = (typeof signals)[number] | `SIGRTMIN+${Exclude<Digit, 0> | `${1 | 2}${Digit}`}`;

/** For a regular expression. */
export const signalPattern = `^(${signals.join("|")}|SIGRTMIN[+]([1-9]|[12][0-9]))$`;
