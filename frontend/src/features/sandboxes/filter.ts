import type { Sandbox } from "@/api/types";

import { nameOf } from "./data";

export interface Filter {
  text: string;
  state: string;
}

/** A word with `=` or a leading `label:` asks for a label; every other is looked for in names, images and commands. */
export function matches(sandbox: Sandbox, { text, state }: Filter): boolean {
  if (state && sandbox.State !== state) return false;
  const labels = sandbox.Labels ?? {};
  const hay = [nameOf(sandbox), sandbox.Id, sandbox.Image, sandbox.Command ?? ""].join("\n").toLowerCase();
  return text
    .split(/\s+/)
    .filter(Boolean)
    .every((word) => {
      const label = /^(?:label:)?([^=]+)=(.*)$/.exec(word);
      if (label) return labels[label[1] ?? ""] === label[2];
      if (word.startsWith("label:")) return word.slice(6) in labels;
      return hay.includes(word.toLowerCase());
    });
}
