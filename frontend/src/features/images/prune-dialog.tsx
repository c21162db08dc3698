"use client";

import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { api, data } from "@/api/request";
import { useLanguage, useT } from "@/i18n";
import { bytes } from "@/i18n/format";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { ErrorNote } from "@/ui/error-note";

/** Removes what no sandbox uses, and says what that freed. */
export function PruneDialog({ onClose }: { onClose: () => void }) {
  const t = useT();
  const language = useLanguage();
  const queries = useQueryClient();
  const [all, setAll] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [freed, setFreed] = useState<{ count: number; size: number } | null>(null);
  const prune = async () => {
    setError(null);
    try {
      const pruned = await data(api.POST("/v1/images/prune", { body: { all } }));
      setFreed({ count: pruned.removed.length, size: pruned.freed });
      await queries.invalidateQueries({ queryKey: ["images"] });
    } catch (error) {
      setError(error);
    }
  };
  return (
    <Dialog open title={t("images.prune")} description={t("images.prune.text")} onClose={onClose}>
      <label className="flex items-start gap-2">
        <input type="checkbox" className="mt-0.5 size-4 accent-(--accent)" checked={all} onChange={() => setAll(!all)} />
        {t("images.prune.all")}
      </label>
      <div className="mt-4 grid gap-4">
        <ErrorNote error={error} />
        {freed && (
          <p role="status" className="text-good">
            {t("images.pruned", { count: freed.count, size: bytes(freed.size, language) })}
          </p>
        )}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>{freed ? t("close") : t("cancel")}</Button>
          {!freed && (
            <Button look="danger" onClick={prune}>
              {t("images.prune")}
            </Button>
          )}
        </div>
      </div>
    </Dialog>
  );
}
