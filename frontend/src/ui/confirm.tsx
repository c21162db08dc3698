"use client";

import { useState, type ReactNode } from "react";

import { useT } from "@/i18n";

import { Button } from "./button";
import { Dialog } from "./dialog";
import { ErrorNote } from "./error-note";

interface Props {
  title: string;
  /** What goes, and what stays. */
  description: ReactNode;
  /** The names of what goes. */
  names?: readonly string[];
  action: string;
  onConfirm: () => Promise<unknown>;
  onClose: () => void;
}

/** Asks before something is lost; the button says what it does. */
export function Confirm({ title, description, names = [], action, onConfirm, onClose }: Props) {
  const t = useT();
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const confirm = async () => {
    setBusy(true);
    setError(null);
    try {
      await onConfirm();
      onClose();
    } catch (error) {
      setError(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog open title={title} description={description} onClose={onClose}>
      {names.length > 0 && (
        <ul tabIndex={0} aria-label={title} className="mb-4 max-h-40 overflow-auto rounded-md bg-sunken px-3 py-2 font-mono text-[13px]">
          {names.map((name) => (
            <li key={name} className="break-all">
              <bdi>{name}</bdi>
            </li>
          ))}
        </ul>
      )}
      <ErrorNote error={error} />
      <div className="mt-4 flex justify-end gap-2">
        <Button onClick={onClose}>{t("cancel")}</Button>
        <Button look="danger" disabled={isBusy} onClick={confirm}>
          {action}
        </Button>
      </div>
    </Dialog>
  );
}
