"use client";

import { useId, type ComponentProps, type ReactNode } from "react";

import { classes } from "./classes";

export const INPUT =
  "w-full min-w-0 rounded-md border border-edge bg-surface px-2.5 py-1.5 text-ink focus-visible:outline-offset-0";

interface Frame {
  label: string;
  hint?: ReactNode;
}

export function Field({ label, hint, className, ...rest }: ComponentProps<"input"> & Frame) {
  const id = useId();
  return (
    <div className="grid gap-1">
      <label htmlFor={id} className="font-medium">
        {label}
      </label>
      <input id={id} aria-describedby={hint ? `${id}-hint` : undefined} autoComplete="off" {...rest} className={classes(INPUT, className)} />
      {hint && (
        <p id={`${id}-hint`} className="text-[13px] text-muted">
          {hint}
        </p>
      )}
    </div>
  );
}

export function Area({ label, hint, className, ...rest }: ComponentProps<"textarea"> & Frame) {
  const id = useId();
  return (
    <div className="grid gap-1">
      <label htmlFor={id} className="font-medium">
        {label}
      </label>
      <textarea id={id} aria-describedby={hint ? `${id}-hint` : undefined} spellCheck={false} {...rest} className={classes(INPUT, "font-mono text-[13px]", className)} />
      {hint && (
        <p id={`${id}-hint`} className="text-[13px] text-muted">
          {hint}
        </p>
      )}
    </div>
  );
}

export function Select({ label, hint, children, ...rest }: ComponentProps<"select"> & Frame) {
  const id = useId();
  return (
    <div className="grid gap-1">
      <label htmlFor={id} className="font-medium">
        {label}
      </label>
      <select id={id} aria-describedby={hint ? `${id}-hint` : undefined} {...rest} className={INPUT}>
        {children}
      </select>
      {hint && (
        <p id={`${id}-hint`} className="text-[13px] text-muted">
          {hint}
        </p>
      )}
    </div>
  );
}
