"use client";

import { CloudOff } from "lucide-react";
import { useSyncExternalStore } from "react";

import { readStatus, serverStatus, subscribeStatus } from "@/api/status";
import { useT } from "@/i18n";

export function useStatus() {
  return useSyncExternalStore(subscribeStatus, readStatus, serverStatus);
}

/** Says that the backend is gone; it goes by itself when the events flow again. */
export function Banner() {
  const t = useT();
  const isGone = useStatus() === "gone";
  return (
    <div role="status">
      {isGone && (
        <p className="sticky top-0 z-30 flex items-center gap-2 bg-warn-soft px-4 py-2 text-warn md:px-8">
          <CloudOff aria-hidden className="size-4 shrink-0" />
          {t("gone.text")}
        </p>
      )}
    </div>
  );
}
