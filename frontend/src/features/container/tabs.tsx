"use client";

import dynamic from "next/dynamic";

import type { Container } from "@/api/types";
import { Files } from "@/features/files/files";
import { Logs } from "@/features/logs/logs";
import { useT } from "@/i18n";
import { Code } from "@/ui/code";
import { Tabs } from "@/ui/tabs";

import { Overview } from "./overview";
import { Plan } from "./plan";
import { Run } from "./run";
import { Snapshots } from "./snapshots";

const Terminals = dynamic(() => import("@/features/terminal/terminals").then((module) => module.Terminals), { ssr: false });

interface Props {
  container: Container;
  tab: string;
  onTab: (tab: string) => void;
}

export function ContainerTabs({ container, tab, onTab }: Props) {
  const t = useT();
  const base = `/api/containers/${container.id}`;
  const canRun = container.state === "running" || container.state === "stopped";
  return (
    <Tabs
      value={tab}
      onChange={onTab}
      tabs={[
        { name: "overview", label: t("tab.overview"), content: <Overview container={container} /> },
        { name: "run", label: t("tab.run"), content: <Run container={container} /> },
        { name: "snapshots", label: t("tab.snapshots"), content: <Snapshots container={container} /> },
        { name: "terminal", label: t("tab.terminal"), content: <Terminals base={base} canRun={canRun} command={["cmd"]} /> },
        { name: "files", label: t("tab.files"), content: <Files base={base} start="/wine/drive_c" /> },
        { name: "logs", label: t("tab.logs"), content: <Logs base={base} name={container.name} /> },
        { name: "plan", label: t("tab.plan"), content: <Plan id={container.id} /> },
        { name: "inspect", label: t("tab.inspect"), content: <Code label={t("tab.inspect")} wrap={false} text={JSON.stringify(container, null, 2)} /> },
      ]}
    />
  );
}
