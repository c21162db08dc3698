import type { Language } from "./index";

const UNITS = ["B", "kB", "MB", "GB", "TB"];

/** A limit of memory, which people give in powers of two: `2 GiB`. */
export function memory(count: number, language: Language): string {
  const gibi = count / 2 ** 30;
  if (gibi >= 1) return `${gibi.toLocaleString(language, { maximumFractionDigits: 2 })} GiB`;
  return `${(count / 2 ** 20).toLocaleString(language, { maximumFractionDigits: 1 })} MiB`;
}

/** Bytes as people read them: `1.4 GB`. */
export function bytes(count: number, language: Language): string {
  let value = count;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1;
  const number = value.toLocaleString(language, { maximumFractionDigits: digits });
  return `${number} ${UNITS[unit]}`;
}

/** Hundredths, as of a processor: `12.5%`. */
export function percent(hundredths: number, language: Language): string {
  return (hundredths / 100).toLocaleString(language, { style: "percent", maximumFractionDigits: 1 });
}

const STEPS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];

/** How long ago a moment was. */
export function ago(moment: Date, now: Date, language: Language): string {
  const seconds = Math.round((moment.getTime() - now.getTime()) / 1000);
  const format = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" });
  const [unit, size] = STEPS.find(([, size]) => Math.abs(seconds) >= size) ?? (["second", 1] as const);
  return format.format(Math.trunc(seconds / size), unit);
}

/** A moment to the second. */
export function moment(date: Date, language: Language): string {
  return date.toLocaleString(language, { dateStyle: "medium", timeStyle: "medium" });
}
