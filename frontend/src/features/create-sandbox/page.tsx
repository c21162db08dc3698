"use client";

import { useRouter } from "next/navigation";
import { useState, type FormEvent } from "react";

import { ApiError } from "@/api/error";
import { api, data } from "@/api/request";
import { useT } from "@/i18n";
import { Button, LinkButton } from "@/ui/button";
import { ErrorNote } from "@/ui/error-note";
import { Card, Page } from "@/ui/page";
import { useTitle } from "@/ui/title";

import { Equivalent } from "./equivalent-lines";
import { Fields } from "./fields";
import { EMPTY, requestOf, type Form } from "./form";
import { PullOffer } from "./pull-offer";

export function CreatePage() {
  const t = useT();
  useTitle(t("sandboxes.create"));
  const router = useRouter();
  const [form, setForm] = useState<Form>(EMPTY);
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const create = async (event?: FormEvent) => {
    event?.preventDefault();
    setBusy(true);
    setError(null);
    try {
      const created = await data(api.POST("/v1/sandboxes", { body: requestOf(form) }));
      router.push(`/sandbox?id=${created.id}`);
    } catch (error) {
      setError(error);
      setBusy(false);
    }
  };
  const isImageMissing = error instanceof ApiError && error.status === 404;
  return (
    <Page title={t("sandboxes.create")} lead={t("create.lead")}>
      <div className="grid gap-5 lg:grid-cols-[minmax(0,1fr)_minmax(0,26rem)]">
        <form onSubmit={create} className="grid gap-5">
          <Card>
            <Fields form={form} onChange={(change) => setForm({ ...form, ...change })} />
          </Card>
          <ErrorNote error={error} />
          {isImageMissing && <PullOffer image={form.image.trim()} engine={form.engine} onPulled={() => void create()} />}
          <div className="flex justify-end gap-2">
            <LinkButton href="/">{t("cancel")}</LinkButton>
            <Button type="submit" look="main" disabled={isBusy}>
              {isBusy ? t("create.busy") : t("create.submit")}
            </Button>
          </div>
        </form>
        <Equivalent request={requestOf(form)} />
      </div>
    </Page>
  );
}
