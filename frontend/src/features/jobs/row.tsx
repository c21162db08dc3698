"use client";

import { Ban, RotateCw } from "lucide-react";
import Link from "next/link";
import { useState } from "react";

import type { Job } from "@/api/types";
import { useT } from "@/i18n";
import { IconButton } from "@/ui/button";
import { Confirm } from "@/ui/confirm";
import { visible } from "@/ui/harmless";
import { State } from "@/ui/state";
import { Cell, Row } from "@/ui/table";
import { Ago } from "@/ui/time";
import { sayError } from "@/ui/toast";

import { actions, progressOf } from "./data";
import { useLiveJob } from "./use-live-job";

const isOver = (job: Job) => ["succeeded", "failed", "dead", "cancelled"].includes(job.state);

export function JobRow({ job: listed }: { job: Job }) {
  const t = useT();
  const job = useLiveJob(listed, !isOver(listed));
  const [isCancelling, setCancelling] = useState(false);
  const { text, share } = progressOf(job.progress);
  return (
    <Row>
      <Cell>
        <span className="font-medium">{job.kind}</span>
        {job.container && (
          <Link href={`/container?id=${job.container}`} className="ml-2 font-mono text-[13px] text-accent hover:underline">
            {job.container.slice(0, 12)}
          </Link>
        )}
        <span className="block font-mono text-xs text-muted">{job.id.slice(0, 12)}</span>
      </Cell>
      <Cell>
        <State of={job.state} />
      </Cell>
      <Cell className="max-w-md max-md:hidden">
        {job.error && <p className="line-clamp-3 text-[13px] break-words text-bad">{visible(job.error)}</p>}
        {!job.error && text && <p className="truncate text-[13px] text-muted">{visible(text)}</p>}
        {!isOver(job) && share !== null && <progress aria-label={t("jobs.progress")} className="h-1.5 w-full accent-(--accent)" value={share} max={1} />}
      </Cell>
      <Cell className="text-muted max-sm:hidden">
        {job.attempts}/{job.max_attempts}
      </Cell>
      <Cell className="whitespace-nowrap text-muted max-sm:hidden">
        <Ago at={job.created_at} />
      </Cell>
      <Cell className="text-right whitespace-nowrap">
        {isOver(job) ? (
          <IconButton label={t("retry.of", { name: job.kind })} disabled={job.state === "succeeded"} onClick={() => void actions.retry(job.id).catch(sayError)}>
            <RotateCw />
          </IconButton>
        ) : (
          <IconButton label={t("cancel.of", { name: job.kind })} disabled={job.cancel_requested} onClick={() => setCancelling(true)}>
            <Ban />
          </IconButton>
        )}
        {isCancelling && (
          <Confirm
            title={t("jobs.cancel")}
            description={t("jobs.cancel.text")}
            names={[`${job.kind} ${job.id}`]}
            action={t("jobs.cancel.submit")}
            onConfirm={() => actions.cancel(job.id)}
            onClose={() => setCancelling(false)}
          />
        )}
      </Cell>
    </Row>
  );
}
