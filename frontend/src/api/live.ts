import type { QueryClient } from "@tanstack/react-query";

import { Freshness } from "./freshness";
import { follow } from "./sse";
import type { Event } from "./types";

/** The events that are kept for the timeline. */
export const MOST_EVENTS = 10_000;

/** Which lists an event makes stale, by what it is about. */
const TOUCHED: Record<string, readonly string[]> = {
  sandbox: ["sandboxes", "sandbox"],
  image: ["images"],
  container: ["containers", "container", "snapshots"],
  job: ["jobs", "runtimes", "containers"],
};

let events: readonly Event[] = [];
const listeners = new Set<() => void>();

export const readEvents = (): readonly Event[] => events;

export function subscribeEvents(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** How long changes are gathered before what they touch is read again. */
const GATHER = 40;

/** Keeps everything on the screen as the backend has it, until the signal aborts. */
export function keepLive(queries: QueryClient, signal: AbortSignal): void {
  const freshness = new Freshness(queries);
  const stale = new Set<string>();
  const fresh: Event[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const apply = () => {
    timer = undefined;
    events = [...events, ...fresh.splice(0)].slice(-MOST_EVENTS);
    for (const listener of listeners) listener();
    for (const name of stale) void freshness.changed(name);
    stale.clear();
  };
  void follow("/v1/events?subject=sandbox&subject=image&subject=container&subject=job", {
    signal,
    onOpen: () => void freshness.changed(),
    onMessage: (data) => {
      const event = JSON.parse(data) as Event;
      fresh.push(event);
      for (const name of TOUCHED[event.subject] ?? []) stale.add(name);
      timer ??= setTimeout(apply, GATHER);
    },
  });
}
