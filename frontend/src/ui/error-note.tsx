"use client";

import { CircleAlert } from "lucide-react";

import { ApiError, Unreachable } from "@/api/error";
import { useT } from "@/i18n";

import { Button } from "./button";
import { visible } from "./harmless";

/** What went wrong, in the API's words, and a way on. */
export function ErrorNote({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const t = useT();
  if (!error) return null;
  const message =
    error instanceof Unreachable ? t("gone.text") : error instanceof Error ? error.message : String(error);
  return (
    <div role="alert" className="flex items-start gap-2 rounded-md bg-bad-soft px-3 py-2 text-bad">
      <CircleAlert aria-hidden className="mt-0.5 size-4 shrink-0" />
      <div className="min-w-0 grow">
        <p className="break-words">{visible(message)}</p>
        {error instanceof ApiError && <p className="font-mono text-xs">{error.code}</p>}
      </div>
      {onRetry && <Button onClick={onRetry}>{t("retry")}</Button>}
    </div>
  );
}
