import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";
import type { TestContext } from "node:test";

/** A connection by hand: what is written goes as it is, what comes is kept. */
export class Wire {
  readonly socket: Socket;
  readonly closed: Promise<unknown>;
  got = "";

  constructor(t: TestContext, path: string) {
    this.socket = connect(path);
    this.socket.setEncoding("latin1").on("data", (text: string) => { this.got += text; });
    this.socket.on("error", () => {});
    this.closed = once(this.socket, "close");
    t.after(() => this.socket.destroy());
  }

  write(text: string): this {
    this.socket.write(text);
    return this;
  }

  /** As soon as so many answers have come. */
  async answers(count: number): Promise<void> {
    while (this.got.split("HTTP/1.1 200").length - 1 < count) await once(this.socket, "data");
  }
}
