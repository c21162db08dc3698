"use client";

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { useT } from "@/i18n";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { ErrorNote } from "@/ui/error-note";
import { Area } from "@/ui/field";
import { visible } from "@/ui/harmless";

import { readText, write } from "./data";

interface Props {
  base: string;
  path: string;
  onClose: () => void;
}

/** Edits a text. What is not text is shown and can't be saved, since saving would break it. */
export function Editor({ base, path, onClose }: Props) {
  const t = useT();
  const { data: stored, error: unread } = useQuery({
    queryKey: ["file", base, path],
    queryFn: () => readText(base, path),
    gcTime: 0,
  });
  const [text, setText] = useState<string | null>(null);
  const [error, setError] = useState<unknown>(null);
  const isBinary = stored !== undefined && /[\u0000\ufffd]/.test(stored);
  const save = async () => {
    try {
      await write(base, path, text ?? "");
      onClose();
    } catch (error) {
      setError(error);
    }
  };
  return (
    <Dialog open title={visible(path)} onClose={onClose}>
      <div className="grid gap-4">
        <ErrorNote error={unread ?? error} />
        {isBinary && <p className="text-warn">{t("files.binary")}</p>}
        {stored !== undefined && (
          <Area label={t("files.content")} rows={18} dir="ltr" readOnly={isBinary} value={isBinary ? visible(stored.slice(0, 4000)) : (text ?? stored)} onChange={(event) => setText(event.target.value)} />
        )}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>{t("cancel")}</Button>
          <Button look="main" disabled={text === null || isBinary} onClick={save}>
            {t("save")}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
