import { expect, test } from "vitest";

import { en } from "./en";
import { es } from "./es";
import { ago, bytes } from "./format";

const places = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

test("both languages have the same texts with the same places", () => {
  expect(Object.keys(es).sort()).toEqual(Object.keys(en).sort());
  for (const name of Object.keys(en) as (keyof typeof en)[]) expect(places(es[name]), name).toEqual(places(en[name]));
});

test("sizes and times are as people of the language write them", () => {
  expect(bytes(1_389_000_000, "en")).toBe("1.4 GB");
  expect(bytes(1_389_000_000, "es")).toBe("1,4 GB");
  expect(bytes(0, "en")).toBe("0 B");
  const now = new Date("2026-01-01T12:00:00Z");
  expect(ago(new Date("2026-01-01T10:00:00Z"), now, "en")).toBe("2 hr. ago");
  expect(ago(now, now, "en")).toBe("now");
});
