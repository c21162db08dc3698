"use client";

import { useT } from "@/i18n";

import { ceilingFrom, lineOf, type Measure, type Sample } from "./series";

const WIDTH = 300;
const HEIGHT = 90;

export interface Line {
  measure: Measure;
  label: string;
}

interface Props {
  title: string;
  samples: readonly Sample[];
  lines: readonly [Line] | readonly [Line, Line];
  show: (value: number) => string;
  /** What can be used at most, where there is a limit. */
  limit?: number | null;
  /** Where the scale ends for a highest value. */
  ceilingFor?: (value: number) => number;
}

/** Up to two measures over time, told apart by their strokes, with the newest values as text. */
export function Chart({ title, samples, lines, show, limit, ceilingFor = ceilingFrom(1) }: Props) {
  const t = useT();
  const newest = samples.at(-1);
  const highest = Math.max(0, ...samples.flatMap((sample) => lines.map(({ measure }) => sample[measure])));
  const ceiling = ceilingFor(highest);
  const values = lines.map(({ measure, label }) => ({ label, value: newest ? show(newest[measure]) : "–" }));
  const spoken = values.map(({ label, value }) => `${label} ${value}`).join(", ");
  return (
    <figure className="grid gap-2 rounded-xl border border-line bg-surface p-4">
      <figcaption className="flex flex-wrap items-baseline justify-between gap-x-4">
        <span className="font-semibold">{title}</span>
        <span className="flex flex-wrap gap-x-4 text-[13px] text-muted">
          {values.map(({ label, value }, index) => (
            <span key={label} className="inline-flex items-center gap-1.5">
              {lines.length > 1 && (
                <svg aria-hidden viewBox="0 0 16 4" className="w-4 text-accent">
                  <path d="M0 2H16" stroke="currentColor" strokeWidth="2" strokeDasharray={index === 1 ? "4 2" : undefined} />
                </svg>
              )}
              {lines.length > 1 && label} <span className="font-mono text-ink">{value}</span>
            </span>
          ))}
        </span>
      </figcaption>
      <svg role="img" aria-label={`${title}: ${spoken}`} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" className="h-24 w-full overflow-visible rounded-md bg-sunken text-accent">
        {lines.map(({ measure }, index) => (
          <path
            key={measure}
            d={lineOf(samples, measure, ceiling, WIDTH, HEIGHT)}
            fill="none"
            stroke="currentColor"
            strokeWidth="1.75"
            strokeDasharray={index === 1 ? "4 3" : undefined}
            vectorEffect="non-scaling-stroke"
          />
        ))}
      </svg>
      <p className="flex justify-between gap-4 text-xs text-muted">
        <span>{t("stats.scale", { most: show(ceiling) })}</span>
        {limit ? <span>{t("stats.limit", { limit: show(limit) })}</span> : null}
      </p>
    </figure>
  );
}
