"use client";

import { useQuery } from "@tanstack/react-query";
import { ChevronLeft } from "lucide-react";
import Link from "next/link";
import { useRouter, useSearchParams } from "next/navigation";

import { useT } from "@/i18n";
import { ErrorNote } from "@/ui/error-note";
import { Name } from "@/ui/name";
import { Page } from "@/ui/page";
import { State } from "@/ui/state";
import { useTitle } from "@/ui/title";

import { SandboxActions } from "./actions";
import { sandboxQuery } from "./data";
import { SandboxTabs } from "./tabs";

export function SandboxPage() {
  const t = useT();
  const router = useRouter();
  const query = useSearchParams();
  const id = query.get("id") ?? "";
  const { data: sandbox, error, refetch } = useQuery(sandboxQuery(id));
  const name = sandbox?.Name.replace(/^\//, "") ?? id.slice(0, 12);
  useTitle(name);
  return (
    <Page
      title={
        <span className="flex flex-wrap items-center gap-3">
          <Name of={name} />
          {sandbox && <State of={sandbox.State.Status} isBad={sandbox.State.OOMKilled} />}
        </span>
      }
      lead={
        <Link href="/" className="inline-flex items-center gap-1 hover:text-ink hover:underline">
          <ChevronLeft aria-hidden className="size-4" />
          {t("nav.sandboxes")}
        </Link>
      }
      actions={sandbox && <SandboxActions sandbox={sandbox} />}
    >
      <ErrorNote error={error} onRetry={() => void refetch()} />
      {sandbox && (
        <SandboxTabs
          sandbox={sandbox}
          tab={query.get("tab") ?? "overview"}
          onTab={(tab) => router.replace(`/sandbox?id=${id}&tab=${tab}`, { scroll: false })}
        />
      )}
    </Page>
  );
}
