"use client";

import { useSyncExternalStore } from "react";

import type { CreateSandbox } from "@/api/types";
import { useT } from "@/i18n";
import { Code } from "@/ui/code";
import { Card } from "@/ui/page";

import { cliOf, curlOf } from "./equivalent";

const never = () => () => undefined;

/** What the form does, as lines for a terminal. */
export function Equivalent({ request }: { request: CreateSandbox }) {
  const t = useT();
  const base = useSyncExternalStore(never, () => window.location.origin, () => "");
  return (
    <aside className="grid content-start gap-5">
      <Card title="curl">
        <Code label={t("create.curl")} text={curlOf(request, base)} />
      </Card>
      <Card title={t("create.cli")}>
        <Code label={t("create.cli")} text={cliOf(request)} />
      </Card>
    </aside>
  );
}
