/** `sentry init`: writes a commented configuration. */
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";

import { template } from "../config/template.ts";
import { SentryError } from "../errors.ts";
import { print } from "./print.ts";

/** @throws SentryError E_REFUSED where the file is there already, E_PERMISSION where it cannot be written */
export function init(name: string | undefined, json: boolean): void {
  const path = resolve(name ?? "sentry.ts");
  try {
    writeFileSync(path, template, { flag: "wx", mode: 0o755 });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") throw new SentryError("E_REFUSED", `${path} is there already; it was not touched`);
    throw new SentryError("E_PERMISSION", `cannot write ${path}: ${message}`);
  }
  print(json ? { written: path } : `${path} written. Start it with: sentry start ${name ?? ""}`.trimEnd());
}
