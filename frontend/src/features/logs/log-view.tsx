"use client";

import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";

import { useT } from "@/i18n";
import { classes } from "@/ui/classes";

import type { Line } from "./buffer";

interface Props {
  lines: readonly Line[];
  isFollowing: boolean;
  onFollow: (isFollowing: boolean) => void;
}

const ROW = 19;
/** How near the end counts as at the end. */
const NEAR = 40;

/** The lines near the window; a reader who scrolls up is left in peace. */
export function LogView({ lines, isFollowing, onFollow }: Props) {
  const t = useT();
  const frame = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: lines.length,
    getScrollElement: () => frame.current,
    estimateSize: () => ROW,
    overscan: 30,
  });
  useEffect(() => {
    if (isFollowing && lines.length > 0) rows.scrollToIndex(lines.length - 1, { align: "end" });
  }, [isFollowing, lines, rows]);
  const onScroll = () => {
    const box = frame.current;
    if (box && box.scrollHeight - box.scrollTop - box.clientHeight < NEAR && !isFollowing) onFollow(true);
  };
  return (
    <div
      ref={frame}
      tabIndex={0}
      role="log"
      aria-label={t("tab.logs")}
      aria-live="off"
      dir="ltr"
      onScroll={onScroll}
      onWheel={(event) => event.deltaY < 0 && onFollow(false)}
      onKeyDown={(event) => ["PageUp", "ArrowUp", "Home"].includes(event.key) && onFollow(false)}
      className="h-[60vh] overflow-auto rounded-xl border border-line bg-surface font-mono text-[12.5px]"
    >
      {lines.length === 0 && <p className="p-4 font-sans text-muted">{t("logs.empty")}</p>}
      <div className="relative w-full" style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map(({ index, start }) => {
          const line = lines[index];
          return (
            line && (
              <div
                key={line.number}
                ref={rows.measureElement}
                data-index={index}
                className={classes("absolute top-0 left-0 flex w-full gap-3 px-3 leading-[19px]", line.stream === "stderr" && "text-bad")}
                style={{ transform: `translateY(${start}px)` }}
              >
                <time className="shrink-0 text-muted select-none max-sm:hidden" dateTime={line.time}>
                  {line.time.slice(11, 23)}
                </time>
                <span className="min-w-0 break-all whitespace-pre-wrap">{line.text || " "}</span>
              </div>
            )
          );
        })}
      </div>
    </div>
  );
}
