"use client";

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Camera, History, Trash2, Undo2 } from "lucide-react";
import { useState } from "react";

import type { Container, Snapshot } from "@/api/types";
import { actions, snapshotsQuery } from "@/features/containers/data";
import { NameDialog } from "@/features/files/name-dialog";
import { useT } from "@/i18n";
import { Button, IconButton } from "@/ui/button";
import { Confirm } from "@/ui/confirm";
import { Empty } from "@/ui/empty";
import { ErrorNote } from "@/ui/error-note";
import { visible } from "@/ui/harmless";
import { Name } from "@/ui/name";
import { Ago } from "@/ui/time";

type Task = { kind: "make" } | { kind: "rollback" | "delete"; name: string } | null;

/** The snapshots as a timeline, the newest first. */
export function Snapshots({ container: { id } }: { container: Container }) {
  const t = useT();
  const queries = useQueryClient();
  const { data: snapshots, error } = useQuery(snapshotsQuery(id));
  const [task, setTask] = useState<Task>(null);
  const close = () => setTask(null);
  const again = () => queries.invalidateQueries({ queryKey: ["snapshots", id] });
  const newest = [...(snapshots ?? [])].sort((a, b) => b.created_at.localeCompare(a.created_at));
  const make = (
    <Button look="main" onClick={() => setTask({ kind: "make" })}>
      <Camera aria-hidden />
      {t("snapshots.make")}
    </Button>
  );
  return (
    <div className="grid gap-4">
      <ErrorNote error={error} />
      {snapshots?.length === 0 && (
        <Empty icon={<History />} title={t("snapshots.empty")} action={make}>
          {t("snapshots.empty.text")}
        </Empty>
      )}
      {newest.length > 0 && (
        <>
          <div>{make}</div>
          <ol className="grid border-l-2 border-line pl-5">
            {newest.map((snapshot) => (
              <Entry key={snapshot.name} snapshot={snapshot} onTask={(kind) => setTask({ kind, name: snapshot.name })} />
            ))}
          </ol>
        </>
      )}
      {task?.kind === "make" && <NameDialog title={t("snapshots.make")} onName={(name) => actions.snapshot(id, name)} onDone={again} onClose={close} />}
      {task?.kind === "rollback" && (
        <Confirm title={t("snapshots.rollback")} description={t("snapshots.rollback.text")} names={[visible(task.name)]} action={t("rollback")} onConfirm={() => actions.rollback(id, task.name)} onClose={close} />
      )}
      {task?.kind === "delete" && (
        <Confirm title={t("snapshots.delete")} description={t("snapshots.delete.text")} names={[visible(task.name)]} action={t("delete")} onConfirm={() => actions.removeSnapshot(id, task.name).then(again)} onClose={close} />
      )}
    </div>
  );
}

function Entry({ snapshot, onTask }: { snapshot: Snapshot; onTask: (kind: "rollback" | "delete") => void }) {
  const t = useT();
  return (
    <li className="relative flex flex-wrap items-center justify-between gap-2 py-2.5">
      <span aria-hidden className="absolute top-4.5 -left-[26px] size-2.5 rounded-full border-2 border-accent bg-surface" />
      <div className="min-w-0">
        <Name of={snapshot.name} className="font-medium" />
        <p className="text-[13px] text-muted">
          <Ago at={snapshot.created_at} />
        </p>
      </div>
      <div className="flex gap-1">
        <Button onClick={() => onTask("rollback")}>
          <Undo2 aria-hidden />
          {t("rollback")}
        </Button>
        <IconButton label={t("delete.of", { name: snapshot.name })} onClick={() => onTask("delete")}>
          <Trash2 />
        </IconButton>
      </div>
    </li>
  );
}
