/** Marks that reorder or hide what stands beside them, and control characters. */
const DISTURBING = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;

/** Sequences by which programs colour their output. */
const ANSI = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])/g;

/** A text from elsewhere with what could deceive a reader made visible. */
export function visible(text: string): string {
  return text.replace(DISTURBING, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** A line of a log without its colours, and with the rest made visible. */
export function plain(line: string): string {
  return visible(line.replace(ANSI, "").replace(/\r+$/, ""));
}

/** A long line cut for the screen. */
export function cut(line: string, most: number): string {
  return line.length <= most ? line : `${line.slice(0, most)}… (+${line.length - most})`;
}
