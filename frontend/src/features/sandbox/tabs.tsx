"use client";

import dynamic from "next/dynamic";

import type { SandboxDetails } from "@/api/types";
import { Files } from "@/features/files/files";
import { Logs } from "@/features/logs/logs";
import { useT } from "@/i18n";
import { Code } from "@/ui/code";
import { Tabs } from "@/ui/tabs";

import { Overview } from "./overview";

const Terminals = dynamic(() => import("@/features/terminal/terminals").then((module) => module.Terminals), { ssr: false });
const Stats = dynamic(() => import("@/features/stats/stats").then((module) => module.Stats), { ssr: false });

interface Props {
  sandbox: SandboxDetails;
  tab: string;
  onTab: (tab: string) => void;
}

export function SandboxTabs({ sandbox, tab, onTab }: Props) {
  const t = useT();
  const base = `/v1/sandboxes/${sandbox.Id}`;
  return (
    <Tabs
      value={tab}
      onChange={onTab}
      tabs={[
        { name: "overview", label: t("tab.overview"), content: <Overview sandbox={sandbox} /> },
        { name: "logs", label: t("tab.logs"), content: <Logs base={base} name={sandbox.Name.replace(/^\//, "")} /> },
        { name: "stats", label: t("tab.stats"), content: <Stats key={sandbox.Id} id={sandbox.Id} isRunning={sandbox.State.Running} /> },
        { name: "terminal", label: t("tab.terminal"), content: <Terminals base={base} canRun={sandbox.State.Running} command={["sh"]} /> },
        { name: "files", label: t("tab.files"), content: <Files base={base} start={sandbox.Config.WorkingDir || "/"} /> },
        { name: "inspect", label: t("tab.inspect"), content: <Code label={t("tab.inspect")} wrap={false} text={JSON.stringify(sandbox, null, 2)} /> },
      ]}
    />
  );
}
