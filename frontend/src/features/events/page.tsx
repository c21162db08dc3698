"use client";

import { Activity } from "lucide-react";
import { useMemo, useState } from "react";

import { useT } from "@/i18n";
import { Empty } from "@/ui/empty";
import { INPUT } from "@/ui/field";
import { Page } from "@/ui/page";
import { useTitle } from "@/ui/title";

import { Timeline } from "./timeline";
import { useHistory } from "./use-history";

export function EventsPage() {
  const t = useT();
  useTitle(t("nav.events"));
  const events = useHistory();
  const [text, setText] = useState("");
  const shown = useMemo(() => {
    const wanted = text.toLowerCase().split(/\s+/).filter(Boolean);
    if (wanted.length === 0) return events;
    return events.filter((event) => {
      const hay = [event.subject, event.action, event.id, ...Object.values(event.attributes)].join(" ").toLowerCase();
      return wanted.every((word) => hay.includes(word));
    });
  }, [events, text]);
  return (
    <Page title={t("nav.events")} lead={t("events.lead")}>
      {events.length === 0 ? (
        <Empty icon={<Activity />} title={t("events.empty")}>
          {t("events.empty.text")}
        </Empty>
      ) : (
        <div className="grid gap-3">
          <input type="search" aria-label={t("search")} placeholder={t("events.search")} value={text} onChange={(event) => setText(event.target.value)} className={INPUT} />
          <Timeline events={shown} />
          <p role="status" className="text-[13px] text-muted">
            {t("events.count", { count: shown.length })}
          </p>
        </div>
      )}
    </Page>
  );
}
