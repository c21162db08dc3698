"use client";

import { FolderDown, FolderPlus, Upload } from "lucide-react";
import { useRef, useState } from "react";

import { save } from "@/api/save";
import { useT } from "@/i18n";
import { Button } from "@/ui/button";
import { visible } from "@/ui/harmless";
import { sayError } from "@/ui/toast";

import { archivePath, makeFolder } from "./data";
import { NameDialog } from "./name-dialog";
import { join, trail } from "./paths";

interface Props {
  base: string;
  folder: string;
  onFolder: (folder: string) => void;
  onUpload: (files: Iterable<File>) => Promise<void>;
}

export function Toolbar({ base, folder, onFolder, onUpload }: Props) {
  const t = useT();
  const input = useRef<HTMLInputElement>(null);
  const [isNaming, setNaming] = useState(false);
  return (
    <div className="flex flex-wrap items-center gap-2">
      <nav aria-label={t("files.path")} className="flex min-w-0 grow flex-wrap items-center font-mono text-[13px]" dir="ltr">
        {trail(folder).map(({ name, path }, index) => (
          <span key={path} className="flex items-center">
            {index > 1 && <span className="text-muted">/</span>}
            <button type="button" className="rounded px-1.5 py-1 hover:bg-sunken" onClick={() => onFolder(path)}>
              <bdi>{visible(name)}</bdi>
            </button>
          </span>
        ))}
      </nav>
      <input ref={input} type="file" multiple hidden onChange={(event) => void onUpload([...(event.target.files ?? [])])} />
      <Button onClick={() => input.current?.click()}>
        <Upload aria-hidden />
        {t("upload")}
      </Button>
      <Button onClick={() => setNaming(true)}>
        <FolderPlus aria-hidden />
        {t("files.mkdir")}
      </Button>
      <Button onClick={() => save(archivePath(base, folder), `${folder.split("/").pop() || "root"}.tar`).catch(sayError)}>
        <FolderDown aria-hidden />
        .tar
      </Button>
      {isNaming && (
        <NameDialog
          title={t("files.mkdir")}
          onName={(name) => makeFolder(base, join(folder, name))}
          onDone={() => onFolder(folder)}
          onClose={() => setNaming(false)}
        />
      )}
    </div>
  );
}
