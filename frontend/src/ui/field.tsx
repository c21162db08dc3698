"use client";

import { useId, type ComponentProps, type ReactNode } from "react";

import { classes } from "./classes";

export const INPUT =
  "w-full min-w-0 rounded-md border border-edge bg-surface px-2.5 py-1.5 text-ink focus-visible:outline-offset-0";

interface Texts {
  label: string;
  hint?: ReactNode;
}

/** A label, what `children` makes with the attributes that tie it to the texts, and a hint. */
function Labelled({ label, hint, children }: Texts & { children: (tie: { id: string; "aria-describedby"?: string }) => ReactNode }) {
  const id = useId();
  const hintId = `${id}-hint`;
  return (
    <div className="grid gap-1">
      <label htmlFor={id} className="font-medium">
        {label}
      </label>
      {children(hint ? { id, "aria-describedby": hintId } : { id })}
      {hint && (
        <p id={hintId} className="text-[13px] text-muted">
          {hint}
        </p>
      )}
    </div>
  );
}

export function Field({ label, hint, className, ...rest }: ComponentProps<"input"> & Texts) {
  return (
    <Labelled label={label} hint={hint}>
      {(tie) => <input {...tie} autoComplete="off" {...rest} className={classes(INPUT, className)} />}
    </Labelled>
  );
}

export function Area({ label, hint, className, ...rest }: ComponentProps<"textarea"> & Texts) {
  return (
    <Labelled label={label} hint={hint}>
      {(tie) => <textarea {...tie} spellCheck={false} {...rest} className={classes(INPUT, "font-mono text-[13px]", className)} />}
    </Labelled>
  );
}

export function Select({ label, hint, children, ...rest }: ComponentProps<"select"> & Texts) {
  return (
    <Labelled label={label} hint={hint}>
      {(tie) => (
        <select {...tie} {...rest} className={INPUT}>
          {children}
        </select>
      )}
    </Labelled>
  );
}
