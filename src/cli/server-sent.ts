/** Server-sent events, as they come (the HTML standard, 9.2.6). */
export interface ServerSent {
  readonly id: string | null;
  readonly event: string;
  /** Null where there is only a comment. */
  readonly data: string | null;
  readonly comment: string | null;
}

/** What is half told when the connection ends was not told: whoever comes again gets it whole. */
export async function* serverSent(body: AsyncIterable<Buffer>): AsyncGenerator<ServerSent> {
  let block: string[] = [];
  for await (const line of lines(body)) {
    if (line !== "") block.push(line);
    else if (block.length > 0) {
      yield read(block);
      block = [];
    }
  }
}

async function* lines(body: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const begun: Buffer[] = [];
  for await (const part of body) {
    let start = 0;
    for (let end = part.indexOf("\n"); end !== -1; end = part.indexOf("\n", start)) {
      begun.push(part.subarray(start, end));
      yield Buffer.concat(begun).toString().replace(/\r$/, "");
      begun.length = 0;
      start = end + 1;
    }
    begun.push(part.subarray(start));
  }
}

function read(block: readonly string[]): ServerSent {
  const of = (field: string): string[] => block.filter((line) => line.startsWith(`${field}:`))
    .map((line) => line.slice(field.length + 1).replace(/^ /, ""));
  const joined = (field: string): string | null => {
    const found = of(field);
    return found.length === 0 ? null : found.join("\n");
  };
  return { id: of("id").at(-1) ?? null, event: of("event").at(-1) ?? "message", data: joined("data"), comment: joined("") };
}
