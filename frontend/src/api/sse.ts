import { linesOf } from "./lines";
import { request } from "./request";

export interface Message {
  id: string | null;
  data: string;
}

/** Reads server-sent events; an event may have an id and no data. */
export async function* messagesOf(lines: AsyncIterable<string>): AsyncGenerator<Message> {
  let id: string | null = null;
  let data: string[] = [];
  for await (const raw of lines) {
    const line = raw.endsWith("\r") ? raw.slice(0, -1) : raw;
    if (line === "") {
      if (id !== null || data.length > 0) yield { id, data: data.join("\n") };
      id = null;
      data = [];
      continue;
    }
    const colon = line.indexOf(":");
    if (colon === 0) continue;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "id") id = value;
    if (name === "data") data.push(value);
  }
}

interface Options {
  signal: AbortSignal;
  /** Called for each event with data. */
  onMessage: (data: string) => void;
  /** Called whenever the stream is open; `isResumed` tells that nothing was missed. */
  onOpen?: (isResumed: boolean) => void;
}

const FIRST_WAIT = 250;
const LONGEST_WAIT = 4000;

/**
 * Follows a stream until the signal aborts. It goes on behind the last event after a break, by
 * `Last-Event-ID`. `EventSource` can't send the key, so this is `fetch`.
 */
export async function follow(path: string, { signal, onMessage, onOpen }: Options): Promise<void> {
  let last: string | null = null;
  let wait = FIRST_WAIT;
  while (!signal.aborted) {
    try {
      const headers: Record<string, string> = { Accept: "text/event-stream" };
      if (last !== null) headers["Last-Event-ID"] = last;
      const response = await request(path, { headers, signal });
      onOpen?.(last !== null);
      wait = FIRST_WAIT;
      if (response.body) {
        for await (const message of messagesOf(linesOf(response.body))) {
          if (message.id !== null) last = message.id;
          if (message.data) onMessage(message.data);
        }
      }
    } catch {
      // `request` has told the banner; the next round shows whether it is over.
    }
    if (!signal.aborted) await pause(wait, signal);
    wait = Math.min(wait * 2, LONGEST_WAIT);
  }
}

/** Waits, unless the signal aborts before. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      done();
    });
  });
}
