"use client";

import { useEffect, useState } from "react";

import { follow } from "@/api/sse";
import type { Job } from "@/api/types";

/** A job with its progress as it goes on, which the list's events do not tell. */
export function useLiveJob(listed: Job, isUnderWay: boolean): Job {
  const [live, setLive] = useState<Job | null>(null);
  useEffect(() => {
    if (!isUnderWay) return;
    const stop = new AbortController();
    void follow(`/api/jobs/${listed.id}/events`, {
      signal: stop.signal,
      onMessage: (data) => setLive(JSON.parse(data) as Job),
    });
    return () => stop.abort();
  }, [listed.id, isUnderWay]);
  return live && live.revision > listed.revision ? live : listed;
}
