"use client";

import { useEffect, useState } from "react";

import { ApiError } from "@/api/error";
import { linesOf } from "@/api/lines";
import { request } from "@/api/request";
import type { LogFrame } from "@/api/types";

import { LineBuffer, type Line } from "./buffer";

const TAIL = 5000;
const PAINT = 80;
const PAUSE = 1000;

interface Logs {
  lines: readonly Line[];
  error: unknown;
  /** Whether the program has ended, so that nothing more comes. */
  hasEnded: boolean;
}

/** The log as it grows. After a break it is read anew, so that nothing is missing or twice. */
export function useLogs(base: string, round: number): Logs {
  const [logs, setLogs] = useState<Logs>({ lines: [], error: null, hasEnded: false });
  useEffect(() => {
    const stop = new AbortController();
    const read = async () => {
      const buffer = new LineBuffer();
      let timer: ReturnType<typeof setTimeout> | undefined;
      const paint = () => {
        timer = undefined;
        if (!stop.signal.aborted) setLogs({ lines: buffer.all(), error: null, hasEnded: false });
      };
      const response = await request(`${base}/logs?follow=true&tail=${TAIL}`, {
        headers: { Accept: "application/x-ndjson" },
        signal: stop.signal,
      });
      paint();
      if (!response.body) return;
      for await (const line of linesOf(response.body)) {
        buffer.push(JSON.parse(line) as LogFrame);
        timer ??= setTimeout(paint, PAINT);
      }
      clearTimeout(timer);
      setLogs({ lines: buffer.all(), error: null, hasEnded: true });
    };
    const keep = async () => {
      while (!stop.signal.aborted) {
        try {
          return await read();
        } catch (error) {
          if (stop.signal.aborted) return;
          if (error instanceof ApiError) return setLogs({ lines: [], error, hasEnded: true });
          await new Promise((done) => setTimeout(done, PAUSE));
        }
      }
    };
    void keep();
    return () => stop.abort();
  }, [base, round]);
  return logs;
}
