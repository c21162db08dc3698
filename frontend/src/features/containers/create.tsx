"use client";

import { useQuery } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useState, type FormEvent } from "react";

import { api, data } from "@/api/request";
import { runtimesQuery } from "@/features/runtimes/data";
import { useT } from "@/i18n";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { ErrorNote } from "@/ui/error-note";
import { Area, Field, Select } from "@/ui/field";

import { uploadLayer } from "./layer";

export function CreateContainer({ onClose }: { onClose: () => void }) {
  const t = useT();
  const router = useRouter();
  const { data: runtimes = [] } = useQuery(runtimesQuery);
  const [error, setError] = useState<unknown>(null);
  const [sent, setSent] = useState<number | null>(null);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name) ?? "").trim();
    const archive = form.get("archive");
    setError(null);
    setSent(0);
    try {
      const layers = archive instanceof File && archive.size > 0 ? [await uploadLayer(archive, text("at"), setSent)] : [];
      const body = {
        ...(text("name") && { name: text("name") }),
        ...(text("runtime") && { runtime: text("runtime") }),
        ...(text("manifest") && { manifest: text("manifest") }),
        network: text("network") === "none" ? ("none" as const) : ("open" as const),
        layers,
      };
      const container = await data(api.POST("/api/containers", { body }));
      router.push(`/container?id=${container.id}`);
    } catch (error) {
      setError(error);
      setSent(null);
    }
  };
  return (
    <Dialog open title={t("containers.create")} description={t("containers.create.text")} onClose={onClose}>
      <form onSubmit={submit} className="grid gap-4">
        <Field label={t("name")} name="name" hint={t("create.name.hint")} spellCheck={false} autoFocus />
        <Field label={t("containers.archive")} hint={t("containers.archive.hint")} name="archive" type="file" accept=".tar,.tgz,.gz,.zst,.zstd" />
        <div className="grid gap-4 sm:grid-cols-2">
          <Field label={t("containers.at")} name="at" placeholder="C:\App" spellCheck={false} />
          <Select label={t("network")} name="network">
            <option value="open">{t("network.open")}</option>
            <option value="none">{t("network.none")}</option>
          </Select>
        </div>
        <Select label={t("runtime")} name="runtime">
          <option value="">{t("containers.runtime.default")}</option>
          {runtimes.map((runtime) => (
            <option key={runtime.digest} value={runtime.digest}>
              {runtime.names[0] ?? runtime.digest.slice(0, 19)}
            </option>
          ))}
        </Select>
        <details>
          <summary className="cursor-pointer text-muted">{t("containers.manifest")}</summary>
          <Area label="container.toml" name="manifest" rows={8} />
        </details>
        {sent !== null && sent > 0 && <progress aria-label={t("upload")} className="w-full accent-(--accent)" max={1} value={sent} />}
        <ErrorNote error={error} />
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>{t("cancel")}</Button>
          <Button type="submit" look="main" disabled={sent !== null}>
            {sent === null ? t("create") : t("create.busy")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
