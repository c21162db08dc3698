"use client";

import { useQuery } from "@tanstack/react-query";
import { ListChecks } from "lucide-react";
import { useState } from "react";

import { useT, type Text } from "@/i18n";
import { Empty } from "@/ui/empty";
import { ErrorNote } from "@/ui/error-note";
import { INPUT } from "@/ui/field";
import { Page } from "@/ui/page";
import { Head, Table } from "@/ui/table";
import { useTitle } from "@/ui/title";

import { jobsQuery } from "./data";
import { JobRow } from "./row";

const STATES = ["queued", "running", "succeeded", "failed", "dead", "cancelled"] as const;
const name = (state: (typeof STATES)[number]): Text => (state === "queued" ? "state.pending" : `state.${state}`);

export function JobsPage() {
  const t = useT();
  useTitle(t("nav.jobs"));
  const { data: jobs, error, refetch } = useQuery(jobsQuery);
  const [state, setState] = useState("");
  const shown = (jobs ?? []).filter((job) => !state || job.state === state);
  return (
    <Page title={t("nav.jobs")} lead={t("jobs.lead")}>
      <ErrorNote error={error} onRetry={() => void refetch()} />
      {jobs?.length === 0 && (
        <Empty icon={<ListChecks />} title={t("jobs.empty")}>
          {t("jobs.empty.text")}
        </Empty>
      )}
      {jobs && jobs.length > 0 && (
        <div className="grid gap-3">
          <div className="w-44">
            <select aria-label={t("state")} value={state} onChange={(event) => setState(event.target.value)} className={INPUT}>
              <option value="">{t("state.any")}</option>
              {STATES.map((state) => (
                <option key={state} value={state}>
                  {t(name(state))}
                </option>
              ))}
            </select>
          </div>
          <Table
            label={t("nav.jobs")}
            head={
              <>
                <Head>{t("jobs.kind")}</Head>
                <Head>{t("state")}</Head>
                <Head className="max-md:hidden">{t("jobs.progress")}</Head>
                <Head className="max-sm:hidden">{t("jobs.attempts")}</Head>
                <Head className="max-sm:hidden">{t("created")}</Head>
                <Head>
                  <span className="sr-only">{t("actions")}</span>
                </Head>
              </>
            }
          >
            {shown.map((job) => (
              <JobRow key={job.id} job={job} />
            ))}
          </Table>
        </div>
      )}
    </Page>
  );
}
