"use client";

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState, type DragEvent } from "react";

import { follow } from "@/api/sse";
import { useT } from "@/i18n";
import { classes } from "@/ui/classes";
import { ErrorNote } from "@/ui/error-note";
import { sayError } from "@/ui/toast";

import { folderQuery, write } from "./data";
import { FileTable } from "./file-table";
import { join } from "./paths";
import { Toolbar } from "./toolbar";

/** The files of a sandbox or a container: `base` is its address. */
export function Files({ base, start }: { base: string; start: string }) {
  const t = useT();
  const queries = useQueryClient();
  const [folder, setFolder] = useState(start);
  const [isOver, setOver] = useState(false);
  const [sending, setSending] = useState(0);
  const { data: files, error, refetch } = useQuery({ ...folderQuery(base, folder), staleTime: 0 });
  useEffect(() => {
    const stop = new AbortController();
    const onMessage = () => void queries.invalidateQueries({ queryKey: ["files", base, folder] });
    void follow(`${base}/files/watch?path=${encodeURIComponent(folder)}`, { signal: stop.signal, onMessage });
    return () => stop.abort();
  }, [base, folder, queries]);
  const upload = async (list: Iterable<File>) => {
    for (const file of list) {
      setSending((count) => count + 1);
      await write(base, join(folder, file.name), file).catch(sayError);
      setSending((count) => count - 1);
    }
    await refetch();
  };
  const onDrop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    void upload([...event.dataTransfer.files]);
  };
  return (
    <div
      className={classes("grid gap-3 rounded-xl", isOver && "outline-2 outline-offset-4 outline-accent outline-dashed")}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={onDrop}
    >
      <Toolbar base={base} folder={folder} onFolder={setFolder} onUpload={upload} />
      <ErrorNote error={error} onRetry={() => void refetch()} />
      {files && <FileTable base={base} folder={folder} files={files} onFolder={setFolder} onChange={() => void refetch()} />}
      <p role="status" className="text-[13px] text-muted">
        {sending > 0 ? t("files.sending") : t("files.drop")}
      </p>
    </div>
  );
}
