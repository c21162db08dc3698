"use client";

import { useQueryClient } from "@tanstack/react-query";

import { api } from "@/api/request";
import type { Image } from "@/api/types";
import { useT } from "@/i18n";
import { Confirm } from "@/ui/confirm";
import { visible } from "@/ui/harmless";

/** Takes all names of an image; what no name holds any more goes. */
export function DeleteImage({ image, onClose }: { image: Image; onClose: () => void }) {
  const t = useT();
  const queries = useQueryClient();
  const names = image.RepoTags.length > 0 ? image.RepoTags : [image.Id];
  const remove = async () => {
    for (const name of names) await api.DELETE("/v1/images", { params: { query: { name } } });
    await queries.invalidateQueries({ queryKey: ["images"] });
  };
  return (
    <Confirm title={t("images.delete")} description={t("images.delete.text")} names={names.map(visible)} action={t("delete")} onConfirm={remove} onClose={onClose} />
  );
}
