"use client";

import { Search } from "lucide-react";

import { useT, type Text } from "@/i18n";
import { INPUT } from "@/ui/field";

const STATES: readonly (readonly [string, Text])[] = [
  ["running", "state.running"],
  ["exited", "state.exited"],
  ["created", "state.created"],
];

interface Props {
  text: string;
  onText: (text: string) => void;
  state: string;
  onState: (state: string) => void;
}

export function FilterBar({ text, onText, state, onState }: Props) {
  const t = useT();
  return (
    <div className="flex flex-wrap gap-2">
      <div className="relative min-w-56 grow">
        <Search aria-hidden className="absolute top-2.5 left-2.5 size-4 text-muted" />
        <input
          type="search"
          aria-label={t("search")}
          placeholder={t("sandboxes.search")}
          value={text}
          onChange={(event) => onText(event.target.value)}
          className={`${INPUT} pl-8`}
        />
      </div>
      <div className="w-40">
        <select aria-label={t("state")} value={state} onChange={(event) => onState(event.target.value)} className={INPUT}>
          <option value="">{t("state.any")}</option>
          {STATES.map(([value, name]) => (
            <option key={value} value={value}>
              {t(name)}
            </option>
          ))}
        </select>
      </div>
    </div>
  );
}
