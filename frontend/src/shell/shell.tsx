"use client";

import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { useEffect, useState, type ReactNode } from "react";

import { keepLive } from "@/api/live";
import { useT } from "@/i18n";
import { Toasts } from "@/ui/toast";

import { Banner } from "./banner";
import { KeyDialog } from "./key-dialog";
import { Navigation } from "./navigation";
import { Palette } from "./palette";

function makeQueries(): QueryClient {
  return new QueryClient({
    // What is live is told by events; nothing is asked for again by the clock.
    // The backend may be on this host, which is reached without any network.
    defaultOptions: { queries: { staleTime: Infinity, retry: false, refetchOnWindowFocus: false, networkMode: "always" } },
  });
}

export function Shell({ children }: { children: ReactNode }) {
  const [queries] = useState(makeQueries);
  useEffect(() => {
    const stop = new AbortController();
    keepLive(queries, stop.signal);
    return () => stop.abort();
  }, [queries]);
  return (
    <QueryClientProvider client={queries}>
      <Frame>{children}</Frame>
      <Palette />
      <KeyDialog />
      <Toasts />
    </QueryClientProvider>
  );
}

function Frame({ children }: { children: ReactNode }) {
  const t = useT();
  return (
    <div className="min-h-dvh md:grid md:grid-cols-[13.5rem_minmax(0,1fr)]">
      <a href="#content" className="sr-only focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-50 focus:rounded-md focus:bg-surface focus:px-3 focus:py-2">
        {t("skip")}
      </a>
      <Navigation />
      <div className="min-w-0">
        <Banner />
        <main id="content" tabIndex={-1} className="outline-none">
          {children}
        </main>
      </div>
    </div>
  );
}
