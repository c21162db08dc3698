import type { ComponentProps, ReactNode } from "react";

import { classes } from "./classes";

/** A table that scrolls sideways by itself where it is wider than the page. */
export function Table({ label, head, children }: { label: string; head: ReactNode; children: ReactNode }) {
  return (
    <div tabIndex={0} role="region" aria-label={label} className="relative overflow-x-auto rounded-xl border border-line bg-surface">
      <table className="w-full border-collapse text-left">
        <thead className="border-b border-line text-[13px] text-muted">
          <tr>{head}</tr>
        </thead>
        <tbody className="divide-y divide-line">{children}</tbody>
      </table>
    </div>
  );
}

export function Head({ className, ...rest }: ComponentProps<"th">) {
  return <th scope="col" {...rest} className={classes("px-2 py-2 font-medium sm:px-3 whitespace-nowrap", className)} />;
}

export function Cell({ className, ...rest }: ComponentProps<"td">) {
  return <td {...rest} className={classes("px-2 py-2 align-middle sm:px-3", className)} />;
}

export function Row({ className, ...rest }: ComponentProps<"tr">) {
  return <tr {...rest} className={classes("hover:bg-sunken/60", className)} />;
}
