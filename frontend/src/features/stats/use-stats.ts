"use client";

import { useEffect, useState } from "react";

import { Unreachable } from "@/api/error";
import { linesOf } from "@/api/lines";
import { request } from "@/api/request";
import { pause } from "@/api/sse";
import type { SandboxStats } from "@/api/types";

import { append, sampleOf, type Sample } from "./series";

const WAIT = 1000;

interface Stats {
  samples: readonly Sample[];
  latest: SandboxStats | null;
  error: unknown;
}

const NOTHING: Stats = { samples: [], latest: null, error: null };

/** What a sandbox uses, measured each second for as long as it runs. */
export function useStats(id: string, isRunning: boolean): Stats {
  const [stats, setStats] = useState(NOTHING);
  useEffect(() => {
    if (!isRunning) return;
    const stop = new AbortController();
    const take = (latest: SandboxStats) =>
      setStats((stats) => ({ samples: append(stats.samples, sampleOf(latest, stats.latest)), latest, error: null }));
    void follow(id, stop.signal, take).catch((error: unknown) => {
      if (!stop.signal.aborted) setStats((stats) => ({ ...stats, error }));
    });
    return () => stop.abort();
  }, [id, isRunning]);
  return stats;
}

/** Goes on after a break of the connection; throws what the server refuses. */
async function follow(id: string, signal: AbortSignal, take: (stats: SandboxStats) => void): Promise<void> {
  while (!signal.aborted) {
    try {
      const response = await request(`/v1/sandboxes/${id}/stats`, { headers: { Accept: "application/x-ndjson" }, signal });
      if (response.body) for await (const line of linesOf(response.body)) take(JSON.parse(line) as SandboxStats);
    } catch (error) {
      // A stream that breaks off is a TypeError of the reader.
      if (!(error instanceof Unreachable || error instanceof TypeError)) throw error;
    }
    await pause(WAIT, signal);
  }
}
