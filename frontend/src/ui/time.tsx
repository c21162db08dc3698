"use client";

import { useSyncExternalStore } from "react";

import { useLanguage } from "@/i18n";
import { ago, moment } from "@/i18n/format";

const TICK = 10_000;

/** One clock for the page, so that all that is relative moves together. */
function subscribe(listener: () => void): () => void {
  const timer = setInterval(listener, TICK);
  return () => clearInterval(timer);
}

const tick = () => Math.floor(Date.now() / TICK);

export function Ago({ at }: { at: string | number }) {
  const language = useLanguage();
  useSyncExternalStore(subscribe, tick, tick);
  const date = new Date(at);
  return (
    <time dateTime={date.toISOString()} title={moment(date, language)} suppressHydrationWarning>
      {ago(date, new Date(), language)}
    </time>
  );
}
