"use client";

import { useQuery } from "@tanstack/react-query";
import { Brush, Download, Package } from "lucide-react";
import { useState } from "react";

import type { Image } from "@/api/types";
import { useLanguage, useT } from "@/i18n";
import { bytes } from "@/i18n/format";
import { Button } from "@/ui/button";
import { Empty } from "@/ui/empty";
import { ErrorNote } from "@/ui/error-note";
import { Page } from "@/ui/page";
import { Head, Table } from "@/ui/table";
import { useTitle } from "@/ui/title";

import { imagesQuery } from "./data";
import { DeleteImage } from "./delete";
import { PruneDialog } from "./prune-dialog";
import { PullDialog } from "./pull-dialog";
import { ImageRow } from "./row";

export function ImagesPage() {
  const t = useT();
  useTitle(t("nav.images"));
  const language = useLanguage();
  const { data: images, error, refetch } = useQuery(imagesQuery);
  const [task, setTask] = useState<"pull" | "prune" | Image | null>(null);
  const close = () => setTask(null);
  const total = (images ?? []).reduce((sum, { Size }) => sum + Size, 0);
  const pull = (
    <Button look="main" onClick={() => setTask("pull")}>
      <Download aria-hidden />
      {t("images.pull")}
    </Button>
  );
  const actions = (
    <>
      <Button onClick={() => setTask("prune")}>
        <Brush aria-hidden />
        {t("images.prune")}
      </Button>
      {pull}
    </>
  );
  return (
    <Page title={t("nav.images")} lead={images && t("images.count", { count: images.length, size: bytes(total, language) })} actions={actions}>
      <ErrorNote error={error} onRetry={() => void refetch()} />
      {images?.length === 0 && (
        <Empty icon={<Package />} title={t("images.empty")} action={pull}>
          {t("images.empty.text")}
        </Empty>
      )}
      {images && images.length > 0 && (
        <Table
          label={t("nav.images")}
          head={
            <>
              <Head>{t("name")}</Head>
              <Head className="max-md:hidden">ID</Head>
              <Head className="text-right">{t("size")}</Head>
              <Head className="max-sm:hidden">{t("created")}</Head>
              <Head>
                <span className="sr-only">{t("actions")}</span>
              </Head>
            </>
          }
        >
          {images.map((image) => (
            <ImageRow key={image.Id} image={image} onDelete={() => setTask(image)} />
          ))}
        </Table>
      )}
      {task === "pull" && <PullDialog onClose={close} />}
      {task === "prune" && <PruneDialog onClose={close} />}
      {task !== null && typeof task === "object" && <DeleteImage image={task} onClose={close} />}
    </Page>
  );
}
