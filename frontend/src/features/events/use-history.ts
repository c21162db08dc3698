"use client";

import { useEffect, useState } from "react";

import { MOST_EVENTS } from "@/api/live";
import { follow } from "@/api/sse";
import type { Event } from "@/api/types";

const PAINT = 60;

/** All events that the backend still has, and each that comes; the newest first. */
export function useHistory(): readonly Event[] {
  const [events, setEvents] = useState<readonly Event[]>([]);
  useEffect(() => {
    const stop = new AbortController();
    const fresh: Event[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    const paint = () => {
      timer = undefined;
      const newest = fresh.splice(0).reverse();
      setEvents((events) => [...newest, ...events].slice(0, MOST_EVENTS));
    };
    void follow("/v1/events?after=0&subject=sandbox&subject=image&subject=container&subject=job", {
      signal: stop.signal,
      onMessage: (data) => {
        fresh.push(JSON.parse(data) as Event);
        timer ??= setTimeout(paint, PAINT);
      },
    });
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, []);
  return events;
}
