"use client";

import { Plus, X } from "lucide-react";
import { useState } from "react";

import { useT } from "@/i18n";
import { Button, IconButton } from "@/ui/button";
import { classes } from "@/ui/classes";

import { Terminal } from "./terminal";

interface Props {
  base: string;
  canRun: boolean;
  command: readonly string[];
}

/** Several terminals beside each other; each keeps running while another is shown. */
export function Terminals({ base, canRun, command }: Props) {
  const t = useT();
  const [ids, setIds] = useState<readonly number[]>([1]);
  const [shown, setShown] = useState(1);
  if (!canRun) return <p className="text-muted">{t("terminal.stopped")}</p>;
  const add = () => {
    const id = Math.max(0, ...ids) + 1;
    setIds([...ids, id]);
    setShown(id);
  };
  const close = (id: number) => {
    const rest = ids.filter((other) => other !== id);
    setIds(rest);
    if (shown === id) setShown(rest.at(-1) ?? 0);
  };
  return (
    <div className="grid gap-2">
      <div className="flex flex-wrap items-center gap-1">
        {ids.map((id) => (
          <span key={id} className={classes("inline-flex items-center rounded-md border", id === shown ? "border-accent bg-accent-soft" : "border-line bg-surface")}>
            <button type="button" aria-pressed={id === shown} className="rounded-md px-2.5 py-1" onClick={() => setShown(id)}>
              {t("terminal.tab", { id })}
            </button>
            <IconButton label={t("terminal.close", { id })} className="size-7" onClick={() => close(id)}>
              <X />
            </IconButton>
          </span>
        ))}
        <Button look="quiet" onClick={add}>
          <Plus aria-hidden />
          {t("terminal.new")}
        </Button>
      </div>
      {ids.map((id) => (
        <div key={id} hidden={id !== shown}>
          <Terminal base={base} command={command} isShown={id === shown} label={t("terminal.tab", { id })} />
        </div>
      ))}
    </div>
  );
}
