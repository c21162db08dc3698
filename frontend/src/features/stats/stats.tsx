"use client";

import { useLanguage, useT } from "@/i18n";
import { bytes, memory, percent } from "@/i18n/format";
import { ErrorNote } from "@/ui/error-note";

import { Chart } from "./chart";
import { binaryCeilingOf, ceilingFrom } from "./series";
import { useStats } from "./use-stats";

/** What a sandbox uses, as charts of the last two minutes. */
export function Stats({ id, isRunning }: { id: string; isRunning: boolean }) {
  const t = useT();
  const language = useLanguage();
  const { samples, latest, error } = useStats(id, isRunning);
  if (!isRunning && samples.length === 0) return <p className="text-muted">{t("stats.stopped")}</p>;
  const rate = (value: number) => t("stats.rate", { size: bytes(value, language) });
  const count = (value: number) => Math.ceil(value).toLocaleString(language);
  return (
    <div className="grid gap-4">
      <ErrorNote error={error} />
      {!isRunning && <p className="text-muted">{t("stats.stopped")}</p>}
      <div className="grid gap-4 lg:grid-cols-2">
        <Chart title={t("create.cpus")} samples={samples} lines={[{ measure: "cpu", label: t("create.cpus") }]} show={(value) => percent(value, language)} ceilingFor={ceilingFrom(10)} />
        <Chart
          title={t("create.memory")}
          samples={samples}
          lines={[{ measure: "memory", label: t("create.memory") }]}
          show={(value) => memory(value, language)}
          limit={latest?.usage.memory_limit_bytes}
          ceilingFor={binaryCeilingOf}
        />
        <Chart
          title={t("network")}
          samples={samples}
          lines={[
            { measure: "received", label: t("stats.received") },
            { measure: "sent", label: t("stats.sent") },
          ]}
          show={rate}
          ceilingFor={ceilingFrom(1000)}
        />
        <Chart
          title={t("stats.disks")}
          samples={samples}
          lines={[
            { measure: "read", label: t("stats.read") },
            { measure: "written", label: t("stats.written") },
          ]}
          show={rate}
          ceilingFor={ceilingFrom(1000)}
        />
        <Chart
          title={t("stats.pids")}
          samples={samples}
          lines={[{ measure: "pids", label: t("stats.pids") }]}
          show={count}
          limit={latest?.usage.pids_limit}
        />
      </div>
    </div>
  );
}
