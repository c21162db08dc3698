/** Cuts a stream of bytes into lines of text; a line without its end is given at the end. */
export async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = stream.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  let parts: string[] = [];
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      const pieces = value.split("\n");
      // A long line comes in many pieces: they are joined once, at its end.
      parts.push(pieces[0] ?? "");
      for (const piece of pieces.slice(1)) {
        yield parts.join("");
        parts = [piece];
      }
    }
    const rest = parts.join("");
    if (rest) yield rest;
  } finally {
    reader.cancel().catch(() => undefined);
  }
}
