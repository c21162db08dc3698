"use client";

import { RotateCw, Square, Trash2 } from "lucide-react";
import { useRouter } from "next/navigation";
import { useState } from "react";

import type { SandboxDetails } from "@/api/types";
import { actions, type Action } from "@/features/sandboxes/data";
import { useT } from "@/i18n";
import { Button } from "@/ui/button";
import { Confirm } from "@/ui/confirm";
import { visible } from "@/ui/harmless";
import { sayError } from "@/ui/toast";

export function SandboxActions({ sandbox }: { sandbox: SandboxDetails }) {
  const t = useT();
  const router = useRouter();
  const [isDeleting, setDeleting] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const isRunning = sandbox.State.Running;
  const act = async (action: Action) => {
    setBusy(true);
    await actions[action](sandbox.Id).catch(sayError);
    setBusy(false);
  };
  const remove = async () => {
    await actions.remove(sandbox.Id);
    router.push("/");
  };
  return (
    <>
      {isRunning && (
        <Button disabled={isBusy} onClick={() => act("stop")}>
          <Square aria-hidden />
          {t("stop")}
        </Button>
      )}
      <Button disabled={isBusy} onClick={() => act("restart")}>
        <RotateCw aria-hidden />
        {isRunning ? t("restart") : t("start")}
      </Button>
      <Button onClick={() => setDeleting(true)}>
        <Trash2 aria-hidden />
        {t("delete")}
      </Button>
      {isDeleting && (
        <Confirm
          title={t("sandboxes.delete.one")}
          description={t("sandboxes.delete.text")}
          names={[visible(sandbox.Name.replace(/^\//, ""))]}
          action={t("delete")}
          onConfirm={remove}
          onClose={() => setDeleting(false)}
        />
      )}
    </>
  );
}
