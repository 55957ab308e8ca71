/** The columns of the table: what Sentry has to find things out, and how it is started with that and no more. */
import type { Sentry } from "../support/sentry.ts";
import type { Site } from "../support/site.ts";
import { hierarchies } from "./pen.ts";
import type { Pen } from "./pen.ts";

export interface Column {
  readonly title: string;
  readonly ordinary: boolean;
  readonly cgroups: boolean;
  readonly processEvents: boolean;
}

export const columns: readonly Column[] = [
  { title: "root, cgroups", ordinary: false, cgroups: true, processEvents: true },
  { title: "root, process events", ordinary: false, cgroups: false, processEvents: true },
  { title: "root, neither", ordinary: false, cgroups: false, processEvents: false },
  { title: "ordinary user, process events", ordinary: true, cgroups: false, processEvents: true },
];

/** Waits to be let go, when it is in the pen; then it is Sentry, with the same pid. */
const HELD = 'read -r _ && exec "$@" < /dev/null';

/** An ordinary user may make no cgroups anyway. Before root, the hierarchy is hidden. */
export function start(site: Site, pen: Pen, { ordinary, cgroups }: Column): Sentry {
  const hidden = ordinary || cgroups ? [] : hierarchies().map(({ point }) => point);
  const script = [...hidden.map((point) => `umount '${point}'`), HELD].join(" && ");
  const words = ["sh", "-c", script, "sh", ...site.command("start", "sample.ts")];
  const [program = "", ...args] = hidden.length > 0 ? ["unshare", "--mount", ...words] : words;
  const sentry = site.open(program, args, { stdio: ["pipe", "pipe", "pipe"] });
  pen.put(sentry.pid);
  sentry.process.stdin?.end("\n");
  return sentry;
}
