"use client";

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Cpu, Hammer, Trash2 } from "lucide-react";
import { useRouter } from "next/navigation";
import { useState } from "react";

import type { Runtime } from "@/api/types";
import { useLanguage, useT } from "@/i18n";
import { bytes } from "@/i18n/format";
import { Button, IconButton } from "@/ui/button";
import { Confirm } from "@/ui/confirm";
import { Empty } from "@/ui/empty";
import { ErrorNote } from "@/ui/error-note";
import { visible } from "@/ui/harmless";
import { Name } from "@/ui/name";
import { Page } from "@/ui/page";
import { Cell, Head, Row, Table } from "@/ui/table";
import { Ago } from "@/ui/time";
import { useTitle } from "@/ui/title";
import { sayError } from "@/ui/toast";

import { actions, runtimesQuery } from "./data";

export const runtimeName = (runtime: Runtime) => runtime.names[0] ?? runtime.digest.slice(0, 19);

export function RuntimesPage() {
  const t = useT();
  useTitle(t("nav.runtimes"));
  const router = useRouter();
  const language = useLanguage();
  const queries = useQueryClient();
  const { data: runtimes, error, refetch } = useQuery(runtimesQuery);
  const [removed, setRemoved] = useState<Runtime | null>(null);
  const build = () =>
    actions
      .build()
      .then(() => router.push("/jobs"))
      .catch(sayError);
  const button = (
    <Button look="main" onClick={build}>
      <Hammer aria-hidden />
      {t("runtimes.build")}
    </Button>
  );
  return (
    <Page title={t("nav.runtimes")} lead={t("runtimes.lead")} actions={runtimes?.length !== 0 && button}>
      <ErrorNote error={error} onRetry={() => void refetch()} />
      {runtimes?.length === 0 && (
        <Empty icon={<Cpu />} title={t("runtimes.empty")} action={button}>
          {t("runtimes.empty.text")}
        </Empty>
      )}
      {runtimes && runtimes.length > 0 && (
        <Table
          label={t("nav.runtimes")}
          head={
            <>
              <Head>{t("name")}</Head>
              <Head className="text-right">{t("size")}</Head>
              <Head className="text-right">{t("nav.containers")}</Head>
              <Head className="max-sm:hidden">{t("created")}</Head>
              <Head>
                <span className="sr-only">{t("actions")}</span>
              </Head>
            </>
          }
        >
          {runtimes.map((runtime) => (
            <Row key={runtime.digest}>
              <Cell>
                <Name of={runtimeName(runtime)} className="font-medium" />
                {runtime.default && <span className="ml-2 rounded bg-accent-soft px-1.5 py-0.5 text-xs text-accent">{t("default")}</span>}
              </Cell>
              <Cell className="text-right whitespace-nowrap text-muted">{bytes(runtime.size, language)}</Cell>
              <Cell className="text-right text-muted">{runtime.containers}</Cell>
              <Cell className="text-muted max-sm:hidden">{runtime.created_at && <Ago at={runtime.created_at} />}</Cell>
              <Cell className="text-right">
                <IconButton label={t("delete.of", { name: runtimeName(runtime) })} onClick={() => setRemoved(runtime)}>
                  <Trash2 />
                </IconButton>
              </Cell>
            </Row>
          ))}
        </Table>
      )}
      {removed && (
        <Confirm
          title={t("runtimes.delete")}
          description={t("runtimes.delete.text")}
          names={[visible(runtimeName(removed))]}
          action={t("delete")}
          onConfirm={() => actions.remove(removed.digest).then(() => queries.invalidateQueries({ queryKey: ["runtimes"] }))}
          onClose={() => setRemoved(null)}
        />
      )}
    </Page>
  );
}
