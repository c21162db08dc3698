"use client";

import { CornerLeftUp } from "lucide-react";
import { useState } from "react";

import type { FileInfo } from "@/api/types";
import { useT } from "@/i18n";
import { Confirm } from "@/ui/confirm";
import { visible } from "@/ui/harmless";
import { Cell, Head, Row, Table } from "@/ui/table";

import { move, remove } from "./data";
import { Editor } from "./editor";
import { FileRow } from "./file-row";
import { NameDialog } from "./name-dialog";
import { above, join } from "./paths";

interface Props {
  base: string;
  folder: string;
  files: readonly FileInfo[];
  onFolder: (folder: string) => void;
  onChange: () => void;
}

type Task = { kind: "edit" | "rename" | "delete"; file: FileInfo } | null;

export function FileTable({ base, folder, files, onFolder, onChange }: Props) {
  const t = useT();
  const [task, setTask] = useState<Task>(null);
  const path = task ? join(folder, task.file.name) : "";
  const close = () => setTask(null);
  return (
    <>
      <Table
        label={t("tab.files")}
        head={
          <>
            <Head>{t("name")}</Head>
            <Head className="text-right">{t("size")}</Head>
            <Head className="max-md:hidden">{t("files.mode")}</Head>
            <Head className="max-sm:hidden">{t("files.modified")}</Head>
            <Head>
              <span className="sr-only">{t("actions")}</span>
            </Head>
          </>
        }
      >
        {folder !== "/" && (
          <Row>
            <Cell colSpan={5}>
              <button type="button" className="inline-flex items-center gap-2 hover:underline" onClick={() => onFolder(above(folder))}>
                <CornerLeftUp aria-hidden className="size-4 text-muted" />
                {t("files.up")}
              </button>
            </Cell>
          </Row>
        )}
        {files.map((file) => (
          <FileRow key={file.name} base={base} folder={folder} file={file} onFolder={onFolder} onTask={(kind) => setTask({ kind, file })} />
        ))}
        {files.length === 0 && (
          <tr>
            <td colSpan={5} className="px-3 py-8 text-center text-muted">
              {t("files.empty")}
            </td>
          </tr>
        )}
      </Table>
      {task?.kind === "edit" && <Editor base={base} path={path} onClose={close} />}
      {task?.kind === "rename" && (
        <NameDialog title={t("rename")} initial={task.file.name} onName={(name) => move(base, path, join(folder, name))} onDone={onChange} onClose={close} />
      )}
      {task?.kind === "delete" && (
        <Confirm
          title={task.file.kind === "directory" ? t("files.delete.folder") : t("files.delete.file")}
          description={t("files.delete.text")}
          names={[visible(path)]}
          action={t("delete")}
          onConfirm={() => remove(base, path).then(onChange)}
          onClose={close}
        />
      )}
    </>
  );
}
