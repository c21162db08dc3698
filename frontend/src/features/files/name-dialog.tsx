"use client";

import { useState, type FormEvent } from "react";

import { useT } from "@/i18n";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { ErrorNote } from "@/ui/error-note";
import { Field } from "@/ui/field";

interface Props {
  title: string;
  initial?: string;
  onName: (name: string) => Promise<unknown>;
  onDone?: () => void;
  onClose: () => void;
}

/** Asks for one name. */
export function NameDialog({ title, initial = "", onName, onDone, onClose }: Props) {
  const t = useT();
  const [error, setError] = useState<unknown>(null);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    try {
      await onName(String(new FormData(event.currentTarget).get("name") ?? ""));
      onDone?.();
      onClose();
    } catch (error) {
      setError(error);
    }
  };
  return (
    <Dialog open title={title} onClose={onClose}>
      <form onSubmit={submit} className="grid gap-4">
        <Field label={t("name")} name="name" required autoFocus spellCheck={false} defaultValue={initial} />
        <ErrorNote error={error} />
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>{t("cancel")}</Button>
          <Button type="submit" look="main">
            {title}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
