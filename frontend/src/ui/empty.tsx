import type { ReactNode } from "react";

/** What stands where nothing is yet: what would be here, and the first step. */
export function Empty({ icon, title, children, action }: { icon: ReactNode; title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className="grid justify-items-center gap-2 rounded-xl border border-dashed border-edge px-6 py-12 text-center">
      <div aria-hidden className="mb-1 grid size-11 place-items-center rounded-full bg-accent-soft text-accent [&_svg]:size-5">
        {icon}
      </div>
      <h2 className="font-semibold">{title}</h2>
      <div className="max-w-prose text-muted">{children}</div>
      {action && <div className="mt-3">{action}</div>}
    </div>
  );
}
