/** Programs for tests of what comes after what: their moments are files of the site. */
import type { Site } from "./site.ts";

/** Words of a configuration: a shell that runs this. */
export const shell = (script: string): string => `"sh", ["-c", ${JSON.stringify(script)}]`;

export const waitFor = (file: string): string => `while ! [ -e ${file} ]; do sleep 0.02; done`;

/** Lives, and is ready once that file is there. */
export const readyBy = (name: string, file: string, more = ""): string =>
  `entry("${name}", "sleep", ["1000"], { ready: { exec: ["test", "-e", "${file}"], interval: "20ms" }${more === "" ? "" : `, ${more}`} })`;

export const sleeperAfter = (name: string, after: string): string => `entry("${name}", "sleep", ["1000"], { after: ${after} })`;

/** What `GET /processes` says of whom a slot waits for. */
export async function blockedBy(site: Site, id: string): Promise<readonly string[] | undefined> {
  const { body } = await site.get("/processes");
  return (body as { id: string; blockedBy?: string[] }[]).find((one) => one.id === id)?.blockedBy;
}
