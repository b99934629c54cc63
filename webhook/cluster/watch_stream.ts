/**
 * The events of one watch request: JSON lines, however the network cut them.
 *
 * @module
 */
import { isObject, type Json, type JsonObject } from "core/patch/json.ts";

/** One event. */
export interface WatchEvent {
  readonly type: string;
  readonly object: JsonObject;
}

/** Longest event that is taken: an object of etcd has 1.5 MiB at most. */
const MAX_LINE = 8 * 1024 * 1024;

/** Yields events until the server ends the stream. Throws a `SyntaxError` for what is none. */
export async function* watchEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<WatchEvent> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true });
    for (let end = rest.indexOf("\n"); end >= 0; end = rest.indexOf("\n")) {
      const line = rest.slice(0, end);
      rest = rest.slice(end + 1);
      if (line.trim() !== "") yield readEvent(line);
    }
    if (rest.length > MAX_LINE) throw new SyntaxError("A watch event is longer than 8 MiB");
  }
}

function readEvent(line: string): WatchEvent {
  const event = JSON.parse(line) as Json;
  if (!isObject(event) || typeof event.type !== "string" || !isObject(event.object)) {
    throw new SyntaxError("A line of a watch is no event");
  }
  return { type: event.type, object: event.object };
}
