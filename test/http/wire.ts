import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";
import type { TestContext } from "node:test";

/** A connection by hand: what is written goes as it is, what comes is kept. */
export class Wire {
  readonly socket: Socket;
  readonly closed: Promise<unknown>;
  got = "";

  /** @param to a path, or a port of this machine */
  constructor(t: TestContext, to: string | number, host = "127.0.0.1") {
    this.socket = typeof to === "string" ? connect(to) : connect(to, host);
    this.socket.setEncoding("latin1").on("data", (text: string) => { this.got += text; });
    this.socket.on("error", () => {});
    this.closed = new Promise((resolve) => { this.socket.once("close", resolve); });
    t.after(() => this.socket.destroy());
  }

  write(text: string): this {
    this.socket.write(text);
    return this;
  }

  /** As soon as it has all come. */
  async says(what: RegExp): Promise<void> {
    while (!what.test(this.got)) {
      if (this.socket.closed) throw new Error(`the connection closed with no ${String(what)}:\n${this.got}`);
      await Promise.race([once(this.socket, "data").catch(() => {}), this.closed]);
    }
  }

  /** As soon as so many answers have come. */
  async answers(count: number): Promise<void> {
    while (this.got.split("HTTP/1.1 200").length - 1 < count) await once(this.socket, "data");
  }
}
