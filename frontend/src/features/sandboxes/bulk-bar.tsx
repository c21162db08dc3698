"use client";

import { RotateCw, Square, Trash2 } from "lucide-react";
import { useState } from "react";

import type { Sandbox } from "@/api/types";
import { useT } from "@/i18n";
import { Button } from "@/ui/button";
import { sayError } from "@/ui/toast";

import { actions, forAll, type Action } from "./data";
import { DeleteSandboxes } from "./delete";

/** What can be done with all that are marked. */
export function BulkBar({ marked, onDone }: { marked: readonly Sandbox[]; onDone: () => void }) {
  const t = useT();
  const [isDeleting, setDeleting] = useState(false);
  const [isBusy, setBusy] = useState(false);
  if (marked.length === 0) return null;
  const act = async (action: Action) => {
    setBusy(true);
    try {
      await forAll(
        marked.map(({ Id }) => Id),
        actions[action],
      );
      onDone();
    } catch (error) {
      sayError(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className="flex flex-wrap items-center gap-2 rounded-lg bg-accent-soft px-3 py-2">
      <p className="grow font-medium text-accent">{t("marked", { count: marked.length })}</p>
      <Button disabled={isBusy} onClick={() => act("stop")}>
        <Square aria-hidden />
        {t("stop")}
      </Button>
      <Button disabled={isBusy} onClick={() => act("restart")}>
        <RotateCw aria-hidden />
        {t("restart")}
      </Button>
      <Button look="danger" disabled={isBusy} onClick={() => setDeleting(true)}>
        <Trash2 aria-hidden />
        {t("delete")}
      </Button>
      {isDeleting && <DeleteSandboxes sandboxes={marked} onDone={onDone} onClose={() => setDeleting(false)} />}
    </div>
  );
}
