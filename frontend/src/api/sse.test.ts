import { expect, test } from "vitest";

import { linesOf } from "./lines";
import { messagesOf } from "./sse";

function streamOf(...pieces: string[]): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(encoder.encode(piece));
      controller.close();
    },
  });
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

test("lines are put together from pieces, whatever their borders", async () => {
  expect(await all(linesOf(streamOf("a\nb", "c\n", "\nd")))).toEqual(["a", "bc", "", "d"]);
  const bytes = new TextEncoder().encode("ñ\n");
  const halves = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(bytes.slice(0, 1));
      controller.enqueue(bytes.slice(1));
      controller.close();
    },
  });
  expect(await all(linesOf(halves))).toEqual(["ñ"]);
});

test("an event has its id and its data, and a comment is nothing", async () => {
  const stream = streamOf('id: 6\n\n: alive\n\nid: 7\ndata: {"a":\ndata: 1}\n\n', "data: x\r\n\r\n", "data: cut off");
  expect(await all(messagesOf(linesOf(stream)))).toEqual([
    { id: "6", data: "" },
    { id: "7", data: '{"a":\n1}' },
    { id: null, data: "x" },
  ]);
});
