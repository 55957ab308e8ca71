/** When a process is ready and whether it is well: what is looked at, with its defaults. */
import type { Millis } from "../core/types.ts";
import type { Health, Probe, Ready } from "../engine/probe.ts";
import { addressIn, isHost } from "./address.ts";
import type { AskedEntry, AskedReady } from "./given.ts";
import type { Probes, ReadyWays } from "./options-readiness.ts";
import { stretchOf, type Refuse } from "./spans.ts";

type Options = AskedEntry["options"];

const looks = { tcp: true, http: true, exec: true } satisfies Record<keyof Probes, true>;
const ways = { ...looks, notify: true, fd: true, log: true } satisfies Record<keyof ReadyWays, true>;

export function readyOf(options: Options, refuse: Refuse): Ready | null {
  const { ready, daemon = false } = options;
  if (ready === undefined) return null;
  const asked: Exclude<AskedReady, "notify"> = ready === "notify" ? { notify: true } : ready;
  const way = wayOf("ready", asked, ways, refuse);
  if (way === null) {
    if (asked.interval !== undefined) refuse("ready.interval", `means nothing without one of ${listed(looks)}`);
    // Of a daemon that it has forked itself away is enough.
    if (daemon !== false && asked.timeout !== undefined) return null;
    return refuse("ready", `says nothing that would make it ready: give it one of ${listed(ways)}`);
  }
  const interval = stretchOf("ready.interval", asked.interval ?? "250ms", refuse);
  if (way === "notify" && daemon !== false) refuse("ready", "is sd_notify's: such a program names its main process itself (MAINPID); leave out `daemon`");
  if (way === "fd" && daemon !== false) refuse("ready.fd", "is nothing for a `daemon`, which closes what it was started with");
  if (asked.notify !== undefined) return { kind: "notify" };
  if (asked.fd !== undefined) return { kind: "fd", fd: free(asked.fd, options, refuse) };
  if (asked.log !== undefined) return { kind: "log", ...patternOf(asked.log, refuse) };
  return { ...probeOf("ready", asked, refuse), interval };
}

/** Also of an entry that is ready at once: then nothing waits for it. */
export function readyTimeoutOf({ ready }: Options, refuse: Refuse): Millis {
  const asked = typeof ready === "object" ? ready.timeout : undefined;
  return stretchOf("ready.timeout", asked ?? "60s", refuse);
}

export function healthOf({ health }: Options, refuse: Refuse): Health | null {
  if (health === undefined) return null;
  if (wayOf("health", health, looks, refuse) === null) refuse("health", `says nothing to look at: give it one of ${listed(looks)}`);
  return {
    probe: probeOf("health", health, refuse),
    interval: stretchOf("health.interval", health.interval ?? "10s", refuse),
    timeout: stretchOf("health.timeout", health.timeout ?? "1s", refuse),
  };
}

function wayOf(option: string, asked: object, known: object, refuse: Refuse): string | null {
  const [one, other] = Object.keys(asked).filter((key) => key in known);
  if (other !== undefined) refuse(option, `has both \`${one}\` and \`${other}\`: it takes one of ${listed(known)}`);
  return one ?? null;
}

function listed(known: object): string {
  return Object.keys(known).map((way) => `\`${way}\``).join(", ");
}

/** There is one of them, and no other. */
function probeOf(option: string, { tcp, http, exec }: Partial<Probes>, refuse: Refuse): Probe {
  if (tcp !== undefined) return { kind: "tcp", ...targetOf(`${option}.tcp`, tcp, refuse) };
  if (http !== undefined) return { kind: "http", url: urlOf(`${option}.http`, http, refuse) };
  const [command = "", ...args] = exec ?? [];
  if (command === "") refuse(`${option}.exec`, "begins with an empty text, where the program's name should be");
  return { kind: "exec", command, args };
}

function targetOf(option: string, tcp: Probes["tcp"], refuse: Refuse): { host: string; port: number } {
  if (typeof tcp === "number") return { host: "localhost", port: tcp };
  const target = addressIn(tcp);
  return target !== null && isHost(target.host) ? target : refuse(option, `is "${tcp}", and no "host:port" with a port from 1 to 65535`);
}

/** What is looked at is shown, and told where it goes wrong: so it can have no password in it. */
function urlOf(option: string, text: string, refuse: Refuse): string {
  if (!URL.canParse(text)) refuse(option, `is "${text}", and no URL`);
  const { protocol, username, password } = new URL(text);
  if (username !== "" || password !== "") refuse(option, "must have no user and no password in it: it is shown to whoever asks for the entry");
  if (protocol !== "http:" && protocol !== "https:") refuse(option, `is "${text}", and must begin with http:// or https://`);
  return text;
}

/** `listen` takes the descriptors from 3 upwards. */
function free(fd: number, { listen = [] }: Options, refuse: Refuse): number {
  const taken = [listen].flat().length;
  if (fd < 3 + taken) refuse("ready.fd", `is ${fd}, which is a socket of \`listen\`: the first that is free is ${3 + taken}`);
  return fd;
}

/** With g or y an expression remembers where it was, and one line would be judged by another. */
function patternOf({ source, flags }: NonNullable<Exclude<AskedReady, string>["log"]>, refuse: Refuse): { source: string; flags: string } {
  const odd = [...flags].find((flag) => flag === "g" || flag === "y");
  if (odd !== undefined) refuse("ready.log", `has the flag ${odd}, which means nothing where each line is looked at by itself`);
  try {
    return { source: new RegExp(source, flags).source, flags };
  } catch {
    return refuse("ready.log", "is no regular expression");
  }
}
