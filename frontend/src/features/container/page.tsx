"use client";

import { useQuery } from "@tanstack/react-query";
import { ChevronLeft } from "lucide-react";
import Link from "next/link";
import { useRouter, useSearchParams } from "next/navigation";

import { containerQuery } from "@/features/containers/data";
import { useT } from "@/i18n";
import { ErrorNote } from "@/ui/error-note";
import { visible } from "@/ui/harmless";
import { Name } from "@/ui/name";
import { Page } from "@/ui/page";
import { State } from "@/ui/state";
import { useTitle } from "@/ui/title";

import { ContainerActions } from "./actions";
import { ContainerTabs } from "./tabs";

export function ContainerPage() {
  const t = useT();
  const router = useRouter();
  const query = useSearchParams();
  const id = query.get("id") ?? "";
  const { data: container, error, refetch } = useQuery(containerQuery(id));
  const name = container?.name ?? id.slice(0, 12);
  useTitle(name);
  return (
    <Page
      title={
        <span className="flex flex-wrap items-center gap-3">
          <Name of={name} />
          {container && <State of={container.state} />}
        </span>
      }
      lead={
        <Link href="/containers" className="inline-flex items-center gap-1 hover:text-ink hover:underline">
          <ChevronLeft aria-hidden className="size-4" />
          {t("nav.containers")}
        </Link>
      }
      actions={container && <ContainerActions container={container} />}
    >
      <ErrorNote error={error} onRetry={() => void refetch()} />
      {container?.error && <p className="mb-4 rounded-md bg-bad-soft px-3 py-2 text-bad">{visible(container.error)}</p>}
      {container && (
        <ContainerTabs
          container={container}
          tab={query.get("tab") ?? "overview"}
          onTab={(tab) => router.replace(`/container?id=${id}&tab=${tab}`, { scroll: false })}
        />
      )}
    </Page>
  );
}
