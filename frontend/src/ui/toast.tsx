"use client";

import { useSyncExternalStore } from "react";

import { ErrorNote } from "./error-note";

interface Toast {
  id: number;
  error: unknown;
}

let toasts: readonly Toast[] = [];
let next = 1;
const listeners = new Set<() => void>();

function set(change: readonly Toast[]): void {
  toasts = change;
  for (const listener of listeners) listener();
}

/** Says what failed, where the action has no place of its own for it. */
export function sayError(error: unknown): void {
  const toast = { id: next++, error };
  set([...toasts, toast].slice(-3));
  setTimeout(() => set(toasts.filter(({ id }) => id !== toast.id)), 10_000);
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};
const NONE: readonly Toast[] = [];

export function Toasts() {
  const shown = useSyncExternalStore(subscribe, () => toasts, () => NONE);
  return (
    <div className="fixed right-4 bottom-4 z-[60] grid w-[min(26rem,calc(100vw-2rem))] gap-2">
      {shown.map(({ id, error }) => (
        <div key={id} className="rounded-md border border-line bg-surface shadow-lg">
          <ErrorNote error={error} />
        </div>
      ))}
    </div>
  );
}
