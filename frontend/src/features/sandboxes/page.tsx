"use client";

import { useQuery } from "@tanstack/react-query";
import { Box, Plus } from "lucide-react";
import { useMemo, useState } from "react";

import { useT } from "@/i18n";
import { LinkButton } from "@/ui/button";
import { Empty } from "@/ui/empty";
import { ErrorNote } from "@/ui/error-note";
import { Page } from "@/ui/page";
import { useTitle } from "@/ui/title";

import { BulkBar } from "./bulk-bar";
import { sandboxesQuery } from "./data";
import { FilterBar } from "./filter-bar";
import { matches } from "./filter";
import { SandboxTable } from "./table";

export function SandboxesPage() {
  const t = useT();
  useTitle(t("nav.sandboxes"));
  const { data: all, error, refetch } = useQuery(sandboxesQuery);
  const [text, setText] = useState("");
  const [state, setState] = useState("");
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const shown = useMemo(() => (all ?? []).filter((sandbox) => matches(sandbox, { text, state })), [all, text, state]);
  const marked = shown.filter(({ Id }) => chosen.has(Id));
  const running = (all ?? []).filter(({ State }) => State === "running").length;
  const create = (
    <LinkButton href="/create" look="main">
      <Plus aria-hidden />
      {t("sandboxes.create")}
    </LinkButton>
  );
  return (
    <Page title={t("nav.sandboxes")} lead={all && t("sandboxes.count", { all: all.length, running })} actions={all?.length !== 0 && create}>
      <ErrorNote error={error} onRetry={() => void refetch()} />
      {all?.length === 0 && (
        <Empty icon={<Box />} title={t("sandboxes.empty")} action={create}>
          {t("sandboxes.empty.text")}
        </Empty>
      )}
      {all && all.length > 0 && (
        <div className="grid gap-3">
          <FilterBar text={text} onText={setText} state={state} onState={setState} />
          <BulkBar marked={marked} onDone={() => setChosen(new Set())} />
          <SandboxTable sandboxes={shown} chosen={chosen} onChoose={setChosen} />
        </div>
      )}
    </Page>
  );
}
