"use client";

import { Download, File as FileIcon, Folder, Link2, MoreHorizontal, Pencil, TextCursorInput, Trash2 } from "lucide-react";

import { save } from "@/api/save";
import type { FileInfo } from "@/api/types";
import { useLanguage, useT } from "@/i18n";
import { bytes } from "@/i18n/format";
import { IconButton } from "@/ui/button";
import { Menu } from "@/ui/menu";
import { Name } from "@/ui/name";
import { Cell, Row } from "@/ui/table";
import { Ago } from "@/ui/time";
import { sayError } from "@/ui/toast";

import { archivePath, contentPath } from "./data";
import { join } from "./paths";

const MOST_EDITED = 1_000_000;

interface Props {
  base: string;
  folder: string;
  file: FileInfo;
  onFolder: (folder: string) => void;
  onTask: (kind: "edit" | "rename" | "delete") => void;
}

export function FileRow({ base, folder, file, onFolder, onTask }: Props) {
  const t = useT();
  const language = useLanguage();
  const path = join(folder, file.name);
  const isFolder = file.kind === "directory";
  const isFile = file.kind === "file";
  const canEdit = isFile && file.size <= MOST_EDITED;
  const download = () =>
    void (isFolder ? save(archivePath(base, path), `${file.name}.tar`) : save(contentPath(base, path), file.name)).catch(sayError);
  const open = () => (isFolder || file.kind === "symlink" ? onFolder(path) : canEdit ? onTask("edit") : download());
  return (
    <Row>
      <Cell className="max-w-80">
        <button type="button" className="inline-flex max-w-full items-center gap-2 text-left hover:underline" onClick={open}>
          {isFolder ? <Folder aria-hidden className="size-4 shrink-0 text-accent" /> : file.kind === "symlink" ? <Link2 aria-hidden className="size-4 shrink-0 text-muted" /> : <FileIcon aria-hidden className="size-4 shrink-0 text-muted" />}
          <Name of={file.name} className="min-w-0 break-all" />
        </button>
        {file.target && <span className="ml-2 text-[13px] text-muted">→ <Name of={file.target} /></span>}
      </Cell>
      <Cell className="text-right whitespace-nowrap text-muted">{isFile ? bytes(file.size, language) : ""}</Cell>
      <Cell className="font-mono text-[13px] text-muted max-md:hidden">{file.mode}</Cell>
      <Cell className="whitespace-nowrap text-muted max-sm:hidden">
        <Ago at={file.modified} />
      </Cell>
      <Cell className="text-right">
        <Menu
          trigger={
            <IconButton label={t("actions.of", { name: file.name })}>
              <MoreHorizontal />
            </IconButton>
          }
          items={[
            { label: t("edit"), icon: <Pencil />, disabled: !canEdit, onSelect: () => onTask("edit") },
            { label: t("download"), icon: <Download />, disabled: !isFile && !isFolder, onSelect: download },
            { label: t("rename"), icon: <TextCursorInput />, onSelect: () => onTask("rename") },
            { label: t("delete"), icon: <Trash2 />, isDangerous: true, onSelect: () => onTask("delete") },
          ]}
        />
      </Cell>
    </Row>
  );
}
