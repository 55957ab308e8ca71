/**
 * The sockets that entries listen on. Each address is bound once, before the first process that is given it, and stays
 * bound over reloads and crashes: the next image inherits the socket, and after a crash the keeper gives it back.
 */
import { lstatSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";

import type { Listen } from "../config/configuration.ts";
import type { Addon, UnixSocket } from "../native/addon.ts";
import { orRefuse } from "./refusal.ts";

/** `tcp *:8080`, `unix /run/web.sock` */
export type Address = string;

export function addressOf(listen: Listen): Address {
  return listen.kind === "unix" ? `unix ${realPlace(listen.path)}` : `tcp ${listen.host ?? "*"}:${listen.port}`;
}

/** What an address is bound to, as it goes over to the next image. */
export interface BoundAddress {
  readonly address: Address;
  readonly fd: number;
  /** Of a Unix socket that has a name: the addon's own descriptor of it, and which file that is. */
  readonly socket: UnixSocket | null;
}

export class Addresses {
  readonly #addon: Addon;
  readonly #bound = new Map<Address, number>();
  readonly #named = new Set<Address>();
  /** Bound by this image. */
  readonly #fresh = new Set<Address>();

  constructor(addon: Addon) {
    this.#addon = addon;
  }

  /**
   * The descriptor for an address: bound now, if it was not before.
   * @param whose goes on from the address: `for entry web`
   * @throws SentryError where the machine refuses
   */
  bind(listen: Listen, whose: string): number {
    const address = addressOf(listen);
    const known = this.#bound.get(address);
    if (known !== undefined) return known;
    const fd = orRefuse(`${listen.kind === "unix" ? listen.path : `port ${listen.port}`} ${whose}`, () =>
      listen.kind === "unix" ? this.#addon.listenUnix(realPlace(listen.path)) : this.#addon.listenTcp(listen.host ?? "*", listen.port));
    this.#addon.hold(`listen ${address}`, fd);
    this.#bound.set(address, fd);
    this.#fresh.add(address);
    if (listen.kind === "unix") this.#named.add(address);
    return fd;
  }

  /** What an earlier image of this process had bound. */
  inherit({ address, fd, socket }: BoundAddress): void {
    if (socket !== null) this.#inheritName(address, socket);
    this.#bound.set(address, fd);
  }

  /** What the keeper had of a Sentry that is gone. A Unix socket is known by its name, if that is still there. */
  takeUp(address: Address, fd: number): void {
    const found = address.startsWith("unix ") ? lstatSync(pathOf(address), { throwIfNoEntry: false }) : undefined;
    if (found?.isSocket()) {
      this.#inheritName(address, { fd: this.#addon.duplicate(fd), device: found.dev, inode: found.ino });
    }
    this.#bound.set(address, fd);
  }

  bound(): BoundAddress[] {
    return [...this.#bound].map(([address, fd]) => ({
      address, fd, socket: this.#named.has(address) ? this.#addon.socketDescriptor(pathOf(address)) : null,
    }));
  }

  /** To a new keeper. */
  hold(): void {
    for (const [address, fd] of this.#bound) this.#addon.hold(`listen ${address}`, fd);
  }

  /** Lets go of all that is not wanted any more. */
  keepOnly(wanted: readonly Address[]): void {
    for (const [address, fd] of this.#bound) {
      if (wanted.includes(address)) continue;
      this.#addon.release(`listen ${address}`);
      this.#remove(address, fd);
    }
  }

  /** Sentry cannot begin: what it has taken up from one that is gone stays for the next. */
  removeFresh(): void {
    for (const address of this.#fresh) this.#remove(address, this.#bound.get(address) ?? -1);
  }

  removeAll(): void {
    for (const [address, fd] of this.#bound) this.#remove(address, fd);
  }

  /** The addon gives a duplicate for Node, which has no use for it here: processes are given the one that was bound. */
  #inheritName(address: Address, socket: UnixSocket): void {
    this.#addon.close(this.#addon.inheritSocket(pathOf(address), socket));
    this.#named.add(address);
  }

  #remove(address: Address, fd: number): void {
    this.#bound.delete(address);
    this.#addon.close(fd);
    if (this.#named.delete(address)) this.#addon.removeSocket(pathOf(address));
  }
}

function pathOf(address: Address): string {
  return address.slice("unix ".length);
}

/** The addon opens no folder through a link, which is right for our own; what a user names may lead over one (/var/run). */
function realPlace(path: string): string {
  try {
    return join(realpathSync(dirname(path)), basename(path));
  } catch {
    return path; // the bind says what is wrong with it
  }
}
