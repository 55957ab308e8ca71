/**
 * The JSON schema of what a program asks for: the shape that `given.ts` makes of the calls. Each description completes
 * "must be …" in a complaint. Evaluating a configuration must take no longer than it has to, and loading typebox takes
 * 5 to 10 ms: so check.ts is made from this file (see schema.build.ts), and this file is loaded only for a complaint.
 */
import { Type, type TSchema } from "typebox";
import type { EntryOptions, Limits, SentryOptions } from "./options.ts";
import type { Backoff, DaemonFile, FailureLimit, RestartPolicy, Stop, StopScope } from "./options-ends.ts";
import type { After, Schedule } from "./options-order.ts";
import type { LogOptions } from "./options-output.ts";
import type { HealthTimes, Probes, ReadyTimes, ReadyWays } from "./options-readiness.ts";
import { signalPattern } from "./signals.ts";

// NUL ends a C string: it can be in no name, path, argument or variable that reaches a process.
const text = (description: string) => Type.String({ pattern: "^[^\\0]*$", description });
const filled = (description: string) => Type.String({ pattern: "^[^\\0]+$", description });
const whole = (minimum: number, maximum: number) =>
  Type.Integer({ minimum, maximum, description: `a whole number from ${minimum} to ${maximum}` });
const closed = (properties: Record<string, TSchema>, description: string) =>
  Type.Object(properties, { additionalProperties: false, description });
const options = (properties: Record<string, TSchema>, description = "an object of options") => {
  const optional = Object.entries(properties).map(([key, schema]) => [key, Type.Optional(schema)]);
  return closed(Object.fromEntries(optional) as typeof properties, description);
};
/** One of these words: keys, so that the compiler misses none. */
const oneOf = <Word extends string>(words: Record<Word, true>) => {
  const known = Object.keys(words);
  return Type.Union(known.map((word) => Type.Literal(word)), { description: known.map((word) => `"${word}"`).join(" or ") });
};
const flag = Type.Boolean({ description: "true or false" });
const most = Number.MAX_SAFE_INTEGER;
/** What `maxCount` can be raised to: more descriptors than that a process cannot have on any machine known to us. */
const mostProcesses = 100_000;

const duration = Type.Union(
  [Type.Integer({ minimum: 0, maximum: most }), Type.String({ pattern: "^[0-9]{1,12}(ms|s|m|h)$" })],
  { description: 'milliseconds as a whole number from 0, or text such as "500ms", "10s", "2m" or "1h"' },
);

const variable = "^[^=\\0]+$";
const environment = Type.Record(Type.String({ pattern: variable }), text("text without NUL bytes"), {
  additionalProperties: false,
  description: 'an object of NAME: "text" (no empty names, no "=" in them), or a function that makes one',
});

const account = Type.Union([filled("a name"), Type.Integer({ minimum: 0, maximum: 0xfffffffe })], {
  description: "a name, or a number from 0",
});

const size = Type.Union([Type.Integer({ minimum: 0, maximum: most }), Type.String({ pattern: "^[0-9]{1,12}[KMG]$" })], {
  description: 'bytes as a whole number from 0, or text such as "64K", "512M" or "2G"',
});

const limit = (value: TSchema, description: string) =>
  Type.Union([value, closed({ soft: value, hard: value }, description)], {
    description: `${description}, "unlimited", or { soft, hard } of these`,
  });
const amount = Type.Integer({ minimum: 0, maximum: most });
const counted = limit(Type.Union([amount, Type.Literal("unlimited")]), "a whole number from 0");
const sized = limit(
  Type.Union([amount, Type.String({ pattern: "^[0-9]{1,12}[KMG]$" }), Type.Literal("unlimited")]),
  'bytes as a whole number from 0, text such as "64K", "512M" or "2G"',
);

const backoff = options({
  factor: Type.Number({ minimum: 1, description: "a number from 1" }),
  max: duration,
  jitter: Type.Number({ minimum: 0, maximum: 1, description: "a number from 0 to 1" }),
  resetAfter: duration,
} satisfies Record<keyof Backoff, TSchema>, 'an object such as { factor: 2, max: "60s", jitter: 0.2, resetAfter: "30s" }');

const failureLimit = closed(
  { count: whole(0, 1000), within: duration } satisfies Record<keyof FailureLimit, TSchema>,
  'an object such as { count: 10, within: "5m" }',
);

const stop = options({
  signal: Type.String({ pattern: signalPattern, description: 'the name of a signal, such as "SIGTERM" (signal(7))' }),
  grace: duration,
  scope: oneOf<StopScope>({ tree: true, group: true, process: true }),
} satisfies Record<keyof Stop, TSchema>, 'an object such as { signal: "SIGTERM", grace: "10s", scope: "tree" }');

const daemonFile = closed({ pidFile: filled("the path of a file") } satisfies Record<keyof DaemonFile, TSchema>, "{ pidFile }");

const listener = Type.Union([whole(1, 65535), filled("an address")], {
  description: 'a port from 1 to 65535, "host:port", or a path with a slash',
});

const port = whole(1, 65535);
const probes = {
  tcp: Type.Union([port, filled("an address")], { description: 'a port from 1 to 65535, or "host:port"' }),
  http: filled('a URL such as "http://127.0.0.1:8080/health"'),
  exec: Type.Array(text("text without NUL bytes"), { minItems: 1, description: "a non-empty list of a program and its arguments" }),
} satisfies Record<keyof Probes, TSchema>;

const ready = Type.Union([
  Type.Literal("notify"),
  options({
    ...probes,
    notify: Type.Literal(true, { description: "true" }),
    fd: whole(3, 1023),
    log: closed({ source: text("text"), flags: text("text") }, "a regular expression such as /ready/"),
    timeout: duration,
    interval: duration,
  } satisfies Record<keyof ReadyWays | keyof ReadyTimes, TSchema>),
], { description: '"notify", or an object such as { tcp: 8080 }, { http }, { exec }, { fd: 3 } or { log: /ready/ }' });

const health = options({
  ...probes,
  interval: duration,
  timeout: duration,
  failures: whole(1, 1000),
} satisfies Record<keyof Probes | keyof HealthTimes, TSchema>, "an object such as { tcp: 8080 }, { http } or { exec }");

const entryName = filled("the name of an entry");
const comesAfter = closed({
  entry: entryName,
  on: Type.Optional(oneOf<NonNullable<After["on"]>>({ started: true, ready: true, finished: true })),
} satisfies Record<keyof After, TSchema>, 'an object such as { entry: "db", on: "ready" }');
const after = Type.Union([entryName, comesAfter], {
  description: 'the name of an entry, or { entry, on: "started" or "ready" or "finished" }',
});

const cron = filled('cron text such as "30 4 * * *"');
const schedule = Type.Union([
  cron,
  closed({
    cron,
    timezone: Type.Optional(filled('the name of a time zone, such as "Europe/Brussels"')),
    overlap: Type.Optional(oneOf<NonNullable<Schedule["overlap"]>>({ skip: true, kill: true })),
  } satisfies Record<keyof Schedule, TSchema>, "an object such as { cron, timezone, overlap }"),
], { description: 'cron text such as "30 4 * * *", or { cron, timezone, overlap }' });

const glob = filled("a glob");

const log = Type.Union([
  Type.Literal("inherit"),
  Type.Literal("none"),
  closed({
    file: filled("the path of a file"),
    maxSize: Type.Optional(size),
    keep: Type.Optional(whole(0, 1000)),
    compress: Type.Optional(flag),
    format: Type.Optional(oneOf<NonNullable<LogOptions["format"]>>({ raw: true, prefixed: true, json: true })),
    terminal: Type.Optional(flag),
  } satisfies Record<keyof LogOptions, TSchema>, "an object with a `file`"),
], { description: '"inherit", "none", or an object with a `file` such as { file: "web.log", maxSize: "10M", keep: 5 }' });

export const optionsOfEntry = options({
  count: whole(0, mostProcesses),
  delay: duration,
  backoff,
  restart: oneOf<RestartPolicy>({ always: true, "on-failure": true, never: true }),
  successCodes: Type.Array(whole(0, 255), { description: "a list of exit codes" }),
  limit: failureLimit,
  stop,
  daemon: Type.Union([flag, daemonFile], { description: "true, false, or { pidFile }" }),
  ready,
  health,
  watchdog: duration,
  after: Type.Union([after, Type.Array(after, { description: "a list" })], {
    description: "the name of an entry, { entry, on }, or a list of these",
  }),
  schedule,
  watch: Type.Union([glob, Type.Array(glob, { description: "a list" })], { description: "a glob, or a list of globs" }),
  restartAbove: size,
  log,
  cwd: filled("the path of a folder"),
  env: environment,
  envFile: filled("the path of a file"),
  inheritEnv: Type.Union([flag, Type.Array(Type.String({ pattern: variable }))], {
    description: "true, false, or a list of names",
  }),
  user: account,
  group: account,
  groups: Type.Array(account, { description: "a list of names or numbers" }),
  umask: Type.Union([Type.Integer({ minimum: 0, maximum: 0o777 }), Type.String({ pattern: "^0?[0-7]{3}$" })], {
    description: 'a number from 0 to 0o777, or text of octal digits such as "022"',
  }),
  nice: whole(-20, 19),
  oomScoreAdj: whole(-1000, 1000),
  noNewPrivileges: flag,
  limits: options({
    as: sized, core: sized, cpu: counted, data: sized, fsize: sized, locks: counted, memlock: sized, msgqueue: sized,
    nice: counted, nofile: counted, nproc: counted, rss: sized, rtprio: counted, rttime: counted, sigpending: counted,
    stack: sized,
  } satisfies Record<keyof Limits, TSchema>, "an object of limits, such as { nofile: 4096 }"),
  listen: Type.Union([listener, Type.Array(listener, { description: "a list" })], {
    description: 'a port from 1 to 65535, "host:port", a path with a slash, or a list of these',
  }),
} satisfies Record<keyof EntryOptions, TSchema>);

export const name = Type.String({
  pattern: "^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$",
  description: "a letter or digit, and then up to 63 letters, digits, dots, dashes and underscores",
});
export const command = filled("the path or name of a program");
export const args = Type.Array(text("text without NUL bytes"), { description: "a list of texts" });
const httpAddress = Type.String({ pattern: "^[^\\0/]+:[0-9]{1,5}$", description: '"host:port"' });
export const optionsOfWhole = options({
  http: Type.Union([
    Type.Literal(false), httpAddress,
    options({ address: httpAddress, hosts: Type.Array(filled("a name"), { description: "a list of names" }) }, "an object such as { address, hosts }"),
  ], { description: '"host:port", false, or { address, hosts }' }),
  maxCount: whole(1, mostProcesses),
  processEvents: flag,
  on: Type.Never({ description: "a function" }),
  exitWhen: oneOf<NonNullable<SentryOptions["exitWhen"]>>({ any: true, all: true }),
} satisfies Record<keyof SentryOptions, TSchema>);

/** The whole of it. */
export const asked = closed({
  entries: Type.Array(closed({ name, command, args, options: optionsOfEntry }, "an entry")),
  options: optionsOfWhole,
}, "a configuration");

/** Options of later versions: refused by name, never ignored. */
export const notBuilt = ["cgroup"];
