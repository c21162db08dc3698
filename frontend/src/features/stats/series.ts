import type { SandboxStats } from "@/api/types";

/** How far back the charts go, in milliseconds. */
export const WINDOW = 120_000;

/** What a sandbox uses at a moment. Traffic is in bytes a second. */
export interface Sample {
  at: number;
  /** In hundredths of a processor. */
  cpu: number;
  memory: number;
  pids: number;
  received: number;
  sent: number;
  read: number;
  written: number;
}

export type Measure = Exclude<keyof Sample, "at">;

/** The server counts traffic from the start of the sandbox on; a start anew counts from 0 again. */
export function sampleOf({ read, usage }: SandboxStats, before: SandboxStats | null): Sample {
  const at = Date.parse(read);
  const seconds = before ? (at - Date.parse(before.read)) / 1000 : 0;
  const rate = (name: "received_bytes" | "sent_bytes" | "read_bytes" | "written_bytes") =>
    before && seconds > 0 ? Math.max(0, usage[name] - before.usage[name]) / seconds : 0;
  return {
    at,
    cpu: usage.cpu_percent,
    memory: usage.memory_bytes,
    pids: usage.pids,
    received: rate("received_bytes"),
    sent: rate("sent_bytes"),
    read: rate("read_bytes"),
    written: rate("written_bytes"),
  };
}

/** With the sample behind the others, and without what has left the window. */
export function append(samples: readonly Sample[], sample: Sample): readonly Sample[] {
  return [...samples.filter(({ at }) => at >= sample.at - WINDOW && at < sample.at), sample];
}

/** The next number above that people count in: 1, 2 or 5 and zeros. */
export function ceilingOf(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5].find((step) => step * power >= value) ?? 10) * power;
}

/** The end of a scale for a highest value, with room above the line, and never below `least`. */
export const ceilingFrom = (least: number) => (value: number) => ceilingOf(Math.max(least, value * 1.1));

/** The next power of two above, as memory is counted in. */
export const binaryCeilingOf = (value: number): number => 2 ** Math.ceil(Math.log2(Math.max(value, 1)));

/** A line for SVG in a field of `width` by `height`; the newest sample stands at its right edge. */
export function lineOf(samples: readonly Sample[], measure: Measure, ceiling: number, width: number, height: number): string {
  const newest = samples.at(-1)?.at ?? 0;
  return samples
    .map((sample, index) => {
      const x = width * (1 - (newest - sample.at) / WINDOW);
      const y = height * (1 - Math.min(1, sample[measure] / ceiling));
      return `${index === 0 ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`;
    })
    .join("");
}
