"use client";

import { useState, type FormEvent } from "react";

import { useT } from "@/i18n";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Field } from "@/ui/field";

import { PullProgress } from "./pull-progress";

export function PullDialog({ onClose }: { onClose: () => void }) {
  const t = useT();
  const [image, setImage] = useState("");
  const [pulled, setPulled] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setPulled(image.trim());
  };
  return (
    <Dialog open title={t("images.pull")} onClose={onClose}>
      <form onSubmit={submit} className="grid gap-4">
        <Field label={t("image")} hint={t("images.pull.hint")} required autoFocus spellCheck={false} placeholder="ghcr.io/owner/app:1" value={image} onChange={(event) => setImage(event.target.value)} />
        {pulled && <PullProgress key={pulled} image={pulled} engine="" onDone={onClose} />}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>{t("cancel")}</Button>
          <Button type="submit" look="main" disabled={pulled !== "" && pulled === image.trim()}>
            {t("images.pull.submit")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
