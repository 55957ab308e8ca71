/** One request over the Unix socket, to its end. */
import { request as open } from "node:http";
import type { Agent, IncomingMessage } from "node:http";

export interface Asked {
  readonly path: string;
  readonly method?: string;
  readonly body?: unknown;
  readonly agent?: Agent | false;
}

export interface Answered {
  readonly status: number;
  readonly body: string;
}

export function request(socketPath: string, { path, method = "GET", body, agent = false }: Asked): Promise<Answered> {
  const text = body === undefined ? "" : JSON.stringify(body);
  const headers = text === "" ? {} : { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(text) };
  return new Promise((resolve, reject) => {
    open({ socketPath, path, method, agent, headers })
      .on("error", reject)
      .on("response", (response: IncomingMessage) => {
        let told = "";
        response.setEncoding("utf8").on("data", (chunk: string) => { told += chunk; });
        response.on("error", reject).on("end", () => resolve({ status: response.statusCode ?? 0, body: told }));
      })
      .end(text);
  });
}
