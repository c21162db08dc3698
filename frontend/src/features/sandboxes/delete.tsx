"use client";

import type { Sandbox } from "@/api/types";
import { useT } from "@/i18n";
import { Confirm } from "@/ui/confirm";
import { visible } from "@/ui/harmless";

import { actions, forAll, nameOf } from "./data";

interface Props {
  sandboxes: readonly Sandbox[];
  onDone?: () => void;
  onClose: () => void;
}

export function DeleteSandboxes({ sandboxes, onDone, onClose }: Props) {
  const t = useT();
  const remove = async () => {
    await forAll(
      sandboxes.map(({ Id }) => Id),
      actions.remove,
    );
    onDone?.();
  };
  const count = sandboxes.length;
  return (
    <Confirm
      title={count === 1 ? t("sandboxes.delete.one") : t("sandboxes.delete.many", { count })}
      description={t("sandboxes.delete.text")}
      names={sandboxes.map((sandbox) => visible(nameOf(sandbox)))}
      action={count === 1 ? t("delete") : t("delete.count", { count })}
      onConfirm={remove}
      onClose={onClose}
    />
  );
}
