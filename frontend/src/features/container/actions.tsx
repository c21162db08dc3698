"use client";

import { Copy, Eraser, MoreHorizontal, Play, Square, Trash2 } from "lucide-react";
import { useRouter } from "next/navigation";
import { useState } from "react";

import type { Container } from "@/api/types";
import { actions } from "@/features/containers/data";
import { NameDialog } from "@/features/files/name-dialog";
import { useT } from "@/i18n";
import { Button } from "@/ui/button";
import { Confirm } from "@/ui/confirm";
import { visible } from "@/ui/harmless";
import { Menu } from "@/ui/menu";
import { sayError } from "@/ui/toast";

export function ContainerActions({ container }: { container: Container }) {
  const t = useT();
  const router = useRouter();
  const [task, setTask] = useState<"clone" | "reset" | "delete" | null>(null);
  const [isBusy, setBusy] = useState(false);
  const { id, name, state } = container;
  const isRunning = state === "running";
  const toggle = async () => {
    setBusy(true);
    await (isRunning ? actions.stop(id) : actions.start(id)).catch(sayError);
    setBusy(false);
  };
  const clone = async (name: string) => router.push(`/container?id=${(await actions.clone(id, name)).id}`);
  const remove = async () => {
    await actions.remove(id);
    router.push("/containers");
  };
  const close = () => setTask(null);
  return (
    <>
      <Button look={isRunning ? "plain" : "main"} disabled={isBusy || (!isRunning && state !== "stopped")} onClick={toggle}>
        {isRunning ? <Square aria-hidden /> : <Play aria-hidden />}
        {isRunning ? t("stop") : t("start")}
      </Button>
      <Menu
        trigger={
          <Button aria-label={t("actions.of", { name })}>
            <MoreHorizontal aria-hidden />
          </Button>
        }
        items={[
          { label: t("clone"), icon: <Copy />, onSelect: () => setTask("clone") },
          { label: t("reset"), icon: <Eraser />, isDangerous: true, onSelect: () => setTask("reset") },
          { label: t("delete"), icon: <Trash2 />, isDangerous: true, onSelect: () => setTask("delete") },
        ]}
      />
      {task === "clone" && <NameDialog title={t("clone")} initial={`${name}-2`} onName={clone} onClose={close} />}
      {task === "reset" && (
        <Confirm title={t("containers.reset")} description={t("containers.reset.text")} names={[visible(name)]} action={t("reset")} onConfirm={() => actions.reset(id)} onClose={close} />
      )}
      {task === "delete" && (
        <Confirm title={t("containers.delete")} description={t("containers.delete.text")} names={[visible(name)]} action={t("delete")} onConfirm={remove} onClose={close} />
      )}
    </>
  );
}
