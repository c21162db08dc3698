"use client";

import { Trash2 } from "lucide-react";

import type { Image } from "@/api/types";
import { useLanguage, useT } from "@/i18n";
import { bytes } from "@/i18n/format";
import { IconButton } from "@/ui/button";
import { Name } from "@/ui/name";
import { Cell, Row } from "@/ui/table";
import { Ago } from "@/ui/time";

export const shortId = (image: Image) => image.Id.replace(/^sha256:/, "").slice(0, 12);

export function ImageRow({ image, onDelete }: { image: Image; onDelete: () => void }) {
  const t = useT();
  const language = useLanguage();
  const [first, ...others] = image.RepoTags;
  return (
    <Row>
      <Cell className="max-w-96">
        {first ? <Name of={first} className="font-medium break-all" /> : <span className="text-muted">{t("images.untagged")}</span>}
        {others.map((tag) => (
          <span key={tag} className="block text-[13px] text-muted">
            <Name of={tag} />
          </span>
        ))}
      </Cell>
      <Cell className="font-mono text-[13px] text-muted max-md:hidden">{shortId(image)}</Cell>
      <Cell className="text-right whitespace-nowrap text-muted">{bytes(image.Size, language)}</Cell>
      <Cell className="whitespace-nowrap text-muted max-sm:hidden">{image.Created > 0 && <Ago at={image.Created * 1000} />}</Cell>
      <Cell className="text-right">
        <IconButton label={t("delete.of", { name: first ?? shortId(image) })} onClick={onDelete}>
          <Trash2 />
        </IconButton>
      </Cell>
    </Row>
  );
}
