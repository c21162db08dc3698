"use client";

import { useT, type Text } from "@/i18n";

import { classes } from "./classes";
import { visible } from "./harmless";

type Tone = "good" | "warn" | "bad" | "calm";

const TONES: Record<Tone, string> = {
  good: "bg-good-soft text-good",
  warn: "bg-warn-soft text-warn",
  bad: "bg-bad-soft text-bad",
  calm: "bg-sunken text-muted",
};

const STATES: Record<string, readonly [Tone, Text]> = {
  running: ["good", "state.running"],
  succeeded: ["good", "state.succeeded"],
  available: ["good", "state.available"],
  ready: ["good", "state.ready"],
  gone: ["bad", "state.gone"],
  created: ["warn", "state.created"],
  creating: ["warn", "state.creating"],
  starting: ["warn", "state.starting"],
  stopping: ["warn", "state.stopping"],
  deleting: ["warn", "state.deleting"],
  pending: ["calm", "state.pending"],
  queued: ["calm", "state.pending"],
  paused: ["warn", "state.paused"],
  exited: ["calm", "state.exited"],
  stopped: ["calm", "state.stopped"],
  cancelled: ["calm", "state.cancelled"],
  missing: ["calm", "state.missing"],
  failed: ["bad", "state.failed"],
  dead: ["bad", "state.dead"],
};

/** A state as a word with a colour and a dot: never by the colour alone. */
export function State({ of, isBad = false }: { of: string; isBad?: boolean }) {
  const t = useT();
  const known = STATES[of];
  const tone: Tone = isBad ? "bad" : (known?.[0] ?? "calm");
  return (
    <span className={classes("inline-flex items-center gap-1.5 rounded-full px-2 py-0.5 text-xs font-medium whitespace-nowrap", TONES[tone])}>
      <span aria-hidden className="size-1.5 rounded-full bg-current" />
      {known ? t(known[1]) : visible(of)}
    </span>
  );
}
