/**
 * All addresses and what they know, gathered while the routes are made. A known address with another method is 405 and
 * says which it knows (RFC 9110, 15.5.6); fastify alone says 404.
 */
import type { RouteOptions } from "fastify";

import type { Openness } from "./doors.ts";
import { Problem } from "./problem.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** Left out: asks for the token. */
    readonly open?: Openness;
  }
}

interface Address {
  readonly path: RegExp;
  readonly methods: Set<string>;
  /** Of reading it, if it can be read: that it is there is no secret then. */
  openness: Openness;
}

export class Addresses {
  readonly #known = new Map<string, Address>();

  add({ url, method, config }: Pick<RouteOptions, "url" | "method" | "config">): void {
    const address = this.#known.get(url) ?? { path: pathOf(url), methods: new Set(), openness: "token" };
    for (const each of [method].flat()) address.methods.add(each);
    if (address.openness === "token") address.openness = config?.open ?? "token";
    this.#known.set(url, address);
  }

  /** How much it gives away to say that there is no such route. */
  opennessOf(url: string): Openness {
    return this.#at(url)?.openness ?? "token";
  }

  /** What is wrong with a request that no route takes. */
  refusalOf(method: string, url: string): Problem {
    const methods = [...this.#at(url)?.methods ?? []];
    if (methods.length === 0) return new Problem("E_NO_SUCH_ROUTE", "there is nothing here; GET /openapi.json shows what there is");
    const known = `${methods.join(" and ")} ${methods.length === 1 ? "is" : "are"}`;
    return new Problem("E_METHOD", `${method} is not known here; ${known}`, methods);
  }

  #at(url: string): Address | undefined {
    const [path = ""] = url.split("?", 1);
    return [...this.#known.values()].find((address) => address.path.test(path));
  }
}

/** `/entries/:name` */
function pathOf(url: string): RegExp {
  return new RegExp(`^${url.replaceAll(".", "\\.").replaceAll(/:\w+/g, "[^/]+")}$`);
}
