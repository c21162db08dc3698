"use client";

import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";

import type { ImageProgress } from "@/api/types";
import { useLanguage, useT } from "@/i18n";
import { bytes } from "@/i18n/format";
import { ErrorNote } from "@/ui/error-note";
import { visible } from "@/ui/harmless";

import { pull } from "./data";

interface Props {
  image: string;
  engine: string;
  onDone: () => void;
}

/** A pull under way, part by part. Leaving the page ends it. */
export function PullProgress({ image, engine, onDone }: Props) {
  const t = useT();
  const queries = useQueryClient();
  const [parts, setParts] = useState<ReadonlyMap<string, ImageProgress>>(new Map());
  const [error, setError] = useState<unknown>(null);
  const done = useRef(onDone);
  useEffect(() => {
    done.current = onDone;
  });
  useEffect(() => {
    const stop = new AbortController();
    const note = (progress: ImageProgress) => setParts((parts) => new Map(parts).set(progress.subject, progress));
    pull(image, engine, note, stop.signal)
      .then(async () => {
        await queries.invalidateQueries({ queryKey: ["images"] });
        done.current();
      })
      .catch((error: unknown) => !stop.signal.aborted && setError(error));
    return () => stop.abort();
  }, [image, engine, queries]);
  return (
    <div aria-live="polite" className="grid gap-2">
      <p className="font-medium">{t("images.pulling", { image: visible(image) })}</p>
      {[...parts.values()].map((part) => (
        <Part key={part.subject} part={part} />
      ))}
      <ErrorNote error={error} />
    </div>
  );
}

function Part({ part }: { part: ImageProgress }) {
  const language = useLanguage();
  const name = `${part.phase} ${part.subject.replace(/^sha256:/, "").slice(0, 24)}`;
  return (
    <div className="grid grid-cols-[minmax(0,1fr)_auto] gap-x-3 text-[13px]">
      <span className="truncate font-mono">{visible(name)}</span>
      <span className="text-muted">
        {bytes(part.done, language)}
        {part.total ? ` / ${bytes(part.total, language)}` : ""}
      </span>
      <progress aria-label={name} className="col-span-2 h-1.5 w-full accent-(--accent)" value={part.total ? part.done : undefined} max={part.total ?? undefined} />
    </div>
  );
}
