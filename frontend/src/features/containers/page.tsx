"use client";

import { useQuery } from "@tanstack/react-query";
import { AppWindow, Plus } from "lucide-react";
import { useState } from "react";

import { hostQuery } from "@/features/hosts/data";
import { useT } from "@/i18n";
import { Button, LinkButton } from "@/ui/button";
import { Empty } from "@/ui/empty";
import { ErrorNote } from "@/ui/error-note";
import { INPUT } from "@/ui/field";
import { Page } from "@/ui/page";
import { useTitle } from "@/ui/title";

import { ContainerCard } from "./card";
import { CreateContainer } from "./create";
import { containersQuery } from "./data";

export function ContainersPage() {
  const t = useT();
  useTitle(t("nav.containers"));
  const { data: all, error, refetch } = useQuery(containersQuery);
  const { data: host } = useQuery(hostQuery);
  const [isCreating, setCreating] = useState(false);
  const [text, setText] = useState("");
  const isReady = host?.realisers.some(({ available }) => available) ?? true;
  const wanted = text.toLowerCase();
  const shown = (all ?? []).filter(({ name, id }) => name.toLowerCase().includes(wanted) || id.startsWith(wanted));
  const create = isReady ? (
    <Button look="main" onClick={() => setCreating(true)}>
      <Plus aria-hidden />
      {t("containers.create")}
    </Button>
  ) : (
    <LinkButton href="/runtimes" look="main">
      {t("runtimes.build")}
    </LinkButton>
  );
  return (
    <Page title={t("nav.containers")} lead={t("containers.lead")} actions={all?.length !== 0 && create}>
      <ErrorNote error={error} onRetry={() => void refetch()} />
      {all?.length === 0 && (
        <Empty icon={<AppWindow />} title={isReady ? t("containers.empty") : t("containers.noruntime")} action={create}>
          {isReady ? t("containers.empty.text") : t("containers.noruntime.text")}
        </Empty>
      )}
      {all && all.length > 0 && (
        <div className="grid gap-4">
          <input type="search" aria-label={t("search")} placeholder={t("containers.search")} value={text} onChange={(event) => setText(event.target.value)} className={INPUT} />
          <ul className="grid gap-4 sm:grid-cols-2 xl:grid-cols-3">
            {shown.map((container) => (
              <ContainerCard key={container.id} container={container} />
            ))}
          </ul>
          {shown.length === 0 && <p className="py-6 text-center text-muted">{t("nothing")}</p>}
        </div>
      )}
      {isCreating && <CreateContainer onClose={() => setCreating(false)} />}
    </Page>
  );
}
