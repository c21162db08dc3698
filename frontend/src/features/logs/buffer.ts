import type { LogFrame } from "@/api/types";
import { cut, plain } from "@/ui/harmless";

export interface Line {
  number: number;
  time: string;
  stream: LogFrame["stream"];
  text: string;
}

/** How many lines are kept, and how much of each is shown. */
export const MOST_LINES = 20_000;
export const MOST_SIGNS = 4000;
/** A line without an end is not gathered beyond this. */
const MOST_OPEN = 2_000_000;

/** Makes lines of frames, which may hold a part of one or many. */
export class LineBuffer {
  private lines: Line[] = [];
  private next = 1;
  private open = new Map<LogFrame["stream"], { time: string; text: string }>();

  push({ time, stream, data }: LogFrame): void {
    const pieces = data.split("\n");
    const last = pieces.pop() ?? "";
    for (const piece of pieces) {
      const begun = this.open.get(stream);
      this.open.delete(stream);
      this.add(begun?.time ?? time, stream, (begun?.text ?? "") + piece);
    }
    if (!last) return;
    const begun = this.open.get(stream);
    const text = (begun?.text ?? "") + last;
    if (text.length < MOST_OPEN) {
      this.open.set(stream, { time: begun?.time ?? time, text });
      return;
    }
    this.open.delete(stream);
    this.add(begun?.time ?? time, stream, text);
  }

  /** What is there, lines without an end among it. */
  all(): readonly Line[] {
    const open = [...this.open].map(([stream, { time, text }], index) => ({
      number: this.next + index,
      time,
      stream,
      text: cut(plain(text), MOST_SIGNS),
    }));
    return [...this.lines, ...open];
  }

  private add(time: string, stream: LogFrame["stream"], text: string): void {
    this.lines.push({ number: this.next++, time, stream, text: cut(plain(text), MOST_SIGNS) });
    if (this.lines.length > MOST_LINES * 1.1) this.lines = this.lines.slice(-MOST_LINES);
  }
}
