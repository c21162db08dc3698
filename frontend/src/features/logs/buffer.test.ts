import { expect, test } from "vitest";

import { LineBuffer, MOST_LINES, MOST_SIGNS } from "./buffer";

const frame = (data: string, stream: "stdout" | "stderr" = "stdout") => ({ time: "2026-01-01T00:00:00Z", stream, data });
const texts = (buffer: LineBuffer) => buffer.all().map(({ text }) => text);

test("frames become lines, and the streams are kept apart", () => {
  const buffer = new LineBuffer();
  buffer.push(frame("one\ntw"));
  buffer.push(frame("error\n", "stderr"));
  expect(texts(buffer)).toEqual(["one", "error", "tw"]);
  buffer.push(frame("o\n"));
  expect(texts(buffer)).toEqual(["one", "error", "two"]);
});

test("a line of a megabyte is one line, cut for the screen", () => {
  const buffer = new LineBuffer();
  for (let part = 0; part < 16; part += 1) buffer.push(frame("x".repeat(65_536)));
  buffer.push(frame("\n"));
  const [line] = texts(buffer);
  expect(line?.length).toBeLessThan(MOST_SIGNS + 20);
  expect(line).toContain("(+");
});

test("old lines go, so that a log that never ends fits", () => {
  const buffer = new LineBuffer();
  buffer.push(frame("x\n".repeat(MOST_LINES * 2)));
  expect(buffer.all().length).toBeLessThanOrEqual(MOST_LINES * 1.1);
  expect(buffer.all().at(-1)?.number).toBe(MOST_LINES * 2);
});
