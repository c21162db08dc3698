import { expect, test } from "vitest";

import type { SandboxStats } from "@/api/types";

import { append, binaryCeilingOf, ceilingFrom, ceilingOf, lineOf, sampleOf, WINDOW, type Sample } from "./series";

function stats(second: number, received_bytes: number): SandboxStats {
  const usage = { cpu_percent: 50, memory_bytes: 1000, pids: 2, received_bytes, sent_bytes: 0, read_bytes: 0, written_bytes: 0 };
  return { read: new Date(second * 1000).toISOString(), usage } as SandboxStats;
}

const at = (at: number, cpu = 0): Sample => ({ at, cpu, memory: 0, pids: 0, received: 0, sent: 0, read: 0, written: 0 });

test("traffic is told by the second, and never below nothing", () => {
  expect(sampleOf(stats(10, 500), null).received).toBe(0);
  expect(sampleOf(stats(12, 500), stats(10, 100)).received).toBe(200);
  expect(sampleOf(stats(12, 5), stats(10, 100)).received).toBe(0);
  expect(sampleOf(stats(10, 500), stats(10, 100)).received).toBe(0);
});

test("what has left the window goes, and a sample that comes twice is one", () => {
  const samples = append(append(append([], at(0)), at(WINDOW)), at(WINDOW + 1));
  expect(samples.map(({ at }) => at)).toEqual([WINDOW, WINDOW + 1]);
  expect(append(samples, at(WINDOW + 1))).toHaveLength(2);
});

test("scales end at round numbers", () => {
  expect([0, 0.3, 1, 3, 50, 51, 1_300].map(ceilingOf)).toEqual([1, 0.5, 1, 5, 50, 100, 2000]);
  expect([0, 9, 10, 46].map(ceilingFrom(10))).toEqual([10, 10, 20, 100]);
  expect([0, 1000, 1024, 3_000_000].map(binaryCeilingOf)).toEqual([1, 1024, 1024, 4 * 2 ** 20]);
});

test("the newest sample is at the right edge, and nothing leaves the field", () => {
  expect(lineOf([], "cpu", 1, 100, 50)).toBe("");
  expect(lineOf([at(0, 500), at(WINDOW / 2, 50), at(WINDOW, 0)], "cpu", 100, 100, 50)).toBe("M0.0 0.0L50.0 25.0L100.0 50.0");
});
