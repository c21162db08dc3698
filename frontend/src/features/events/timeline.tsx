"use client";

import { useVirtualizer } from "@tanstack/react-virtual";
import Link from "next/link";
import { useRef } from "react";

import type { Event } from "@/api/types";
import { useLanguage, useT } from "@/i18n";
import { moment } from "@/i18n/format";
import { classes } from "@/ui/classes";
import { Name } from "@/ui/name";

const ROW = 40;

const TONES: Record<string, string> = {
  create: "text-good",
  start: "text-good",
  finish: "text-good",
  die: "text-warn",
  stop: "text-warn",
  fail: "text-bad",
  delete: "text-bad",
};

export function Timeline({ events }: { events: readonly Event[] }) {
  const t = useT();
  const frame = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: events.length,
    getScrollElement: () => frame.current,
    estimateSize: () => ROW,
    getItemKey: (index) => events[index]?.sequence ?? index,
    overscan: 12,
  });
  return (
    <div ref={frame} tabIndex={0} role="region" aria-label={t("nav.events")} className="h-[68vh] overflow-auto rounded-xl border border-line bg-surface">
      <ol className="relative" style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map(({ index, start, key }) => {
          const event = events[index];
          return event && <Entry key={key} event={event} top={start} />;
        })}
      </ol>
    </div>
  );
}

const PAGES: Record<string, string> = { sandbox: "/sandbox", container: "/container" };

function Entry({ event, top }: { event: Event; top: number }) {
  const language = useLanguage();
  const { name, image, ...rest } = event.attributes;
  const page = PAGES[event.subject];
  // An image's id is its name, where it has one; all others are hexadecimal digits.
  const shown = name ?? image ?? (event.subject === "image" ? event.id : event.id.slice(0, 12));
  const more = Object.entries(rest).map(([key, value]) => `${key}=${value}`);
  if (name && image) more.unshift(image);
  return (
    <li className="absolute inset-x-0 flex items-center gap-3 border-b border-line px-4" style={{ height: ROW, transform: `translateY(${top}px)` }}>
      <time dateTime={event.time} title={moment(new Date(event.time), language)} className="w-18 shrink-0 whitespace-nowrap font-mono text-[13px] text-muted">
        {new Date(event.time).toLocaleTimeString(language, { hourCycle: "h23" })}
      </time>
      <span className="w-20 shrink-0 text-muted max-sm:hidden">{event.subject}</span>
      <span className={classes("w-20 shrink-0 font-medium", TONES[event.action])}>{event.action}</span>
      {page ? (
        <Link href={`${page}?id=${event.id}`} className="min-w-0 truncate hover:underline">
          <Name of={shown} />
        </Link>
      ) : (
        <span className="min-w-0 truncate">
          <Name of={shown} />
        </span>
      )}
      {/* Where there is no room for both, the name stays. */}
      <span className="min-w-0 shrink-[9999] truncate text-[13px] text-muted max-md:hidden">
        <Name of={more.join(" ")} />
      </span>
    </li>
  );
}
