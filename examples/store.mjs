// Keeps what it is sent, and gives it back: as much of a database as an example needs.
import { createServer } from "node:http";

let kept = "";

createServer((request, response) => {
  let sent = "";
  request.setEncoding("utf8").on("data", (text) => { sent += text; });
  request.on("end", () => {
    if (request.method === "PUT") kept = sent;
    response.end(kept);
  });
}).listen(8081, "127.0.0.1", () => console.log("listening on port 8081"));
