// Serves the socket that Sentry has bound: descriptor 3 (sd_listen_fds(3)). Every hundredth answer is its last.
import { createServer } from "node:http";

let answers = 0;

createServer((request, response) => {
  answers += 1;
  response.end(`${process.env.SERVER_NAME} (PID ${process.pid}), answer ${answers}\n`, () => {
    if (answers === 100) process.exit(3);
  });
}).listen({ fd: 3 }, () => console.log("listening on descriptor 3"));
