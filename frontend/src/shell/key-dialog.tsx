"use client";

import { useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";

import { readKey, writeKey } from "@/api/key";
import { request } from "@/api/request";
import { useT } from "@/i18n";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { ErrorNote } from "@/ui/error-note";
import { Field } from "@/ui/field";

import { useStatus } from "./banner";

/** Asks for the API key where the server wants one. */
export function KeyDialog() {
  const t = useT();
  const queries = useQueryClient();
  const isLocked = useStatus() === "locked";
  const [error, setError] = useState<unknown>(null);
  const enter = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    writeKey(String(new FormData(event.currentTarget).get("key") ?? "").trim());
    try {
      await request("/v1/info");
      setError(null);
      await queries.invalidateQueries();
    } catch (error) {
      setError(error);
    }
  };
  return (
    <Dialog open={isLocked} title={t("key.title")} description={t("key.text")} onClose={() => undefined}>
      <form onSubmit={enter} className="grid gap-4">
        <Field label={t("key.label")} name="key" type="password" required autoFocus defaultValue={readKey() ?? ""} />
        <ErrorNote error={error} />
        <div className="flex justify-end">
          <Button type="submit" look="main">
            {t("key.enter")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
