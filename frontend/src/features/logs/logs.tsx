"use client";

import { ArrowDownToLine, Download, RotateCw } from "lucide-react";
import { useDeferredValue, useMemo, useState } from "react";

import { save } from "@/api/save";
import { useT } from "@/i18n";
import { Button } from "@/ui/button";
import { ErrorNote } from "@/ui/error-note";
import { INPUT } from "@/ui/field";
import { sayError } from "@/ui/toast";

import { LogView } from "./log-view";
import { useLogs } from "./use-logs";

/** The log of a sandbox, or of a container's session: `base` is its address. */
export function Logs({ base, name }: { base: string; name: string }) {
  const t = useT();
  const [round, setRound] = useState(0);
  const { lines, error, hasEnded } = useLogs(base, round);
  const [search, setSearch] = useState("");
  const [isFollowing, setFollowing] = useState(true);
  const wanted = useDeferredValue(search.toLowerCase());
  const shown = useMemo(
    () => (wanted ? lines.filter(({ text }) => text.toLowerCase().includes(wanted)) : lines),
    [lines, wanted],
  );
  return (
    <div className="grid gap-3">
      <div className="flex flex-wrap gap-2">
        <input
          type="search"
          aria-label={t("logs.search")}
          placeholder={t("logs.search")}
          value={search}
          onChange={(event) => setSearch(event.target.value)}
          className={`${INPUT} min-w-40 flex-1`}
        />
        <Button aria-pressed={isFollowing} look={isFollowing ? "main" : "plain"} onClick={() => setFollowing(!isFollowing)}>
          <ArrowDownToLine aria-hidden />
          {t("logs.follow")}
        </Button>
        {hasEnded && (
          <Button onClick={() => setRound(round + 1)}>
            <RotateCw aria-hidden />
            {t("logs.again")}
          </Button>
        )}
        <Button onClick={() => save(`${base}/logs?timestamps=true`, `${name}.log`).catch(sayError)}>
          <Download aria-hidden />
          {t("download")}
        </Button>
      </div>
      <ErrorNote error={error} onRetry={() => setRound(round + 1)} />
      <LogView lines={shown} isFollowing={isFollowing} onFollow={setFollowing} />
      <p className="text-[13px] text-muted" role="status">
        {t("logs.count", { count: shown.length })} {hasEnded && t("logs.ended")}
      </p>
    </div>
  );
}
