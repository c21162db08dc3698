"use client";

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { api, data } from "@/api/request";
import { useT, type Text } from "@/i18n";
import { Code } from "@/ui/code";
import { ErrorNote } from "@/ui/error-note";
import { Select } from "@/ui/field";
import { Name } from "@/ui/name";
import { Card } from "@/ui/page";
import { Cell, Head, Row, Table } from "@/ui/table";

/** The parts of a plan that people read; docs/schema/mount-plan.json has all. */
interface PlanShape {
  redirects?: { path: string; isolation: string; place: string; host?: string; read_only?: boolean }[];
  registry?: { key: string; view: string; isolation: string; place: { file: string; key: string } }[];
}

const MODES: readonly (readonly [string, Text])[] = [
  ["full", "mode.full"],
  ["write-copy", "mode.writecopy"],
  ["merged", "mode.merged"],
];

export function Plan({ id }: { id: string }) {
  const t = useT();
  const [target, setTarget] = useState("linux");
  const { data: plan, error } = useQuery({
    queryKey: ["container", id, "plan", target],
    queryFn: async () => (await data(api.GET("/api/containers/{id}/plan", { params: { path: { id }, query: { target } as never } }))) as PlanShape,
  });
  return (
    <div className="grid gap-5">
      <div className="w-56">
        <Select label={t("plan.target")} value={target} onChange={(event) => setTarget(event.target.value)}>
          <option value="linux">Linux (Wine)</option>
          <option value="windows">Windows</option>
        </Select>
      </div>
      <ErrorNote error={error} />
      <Card title={t("plan.modes")}>
        <dl className="grid gap-2 sm:grid-cols-[auto_minmax(0,1fr)] sm:gap-x-5">
          {MODES.map(([mode, text]) => (
            <div key={mode} className="contents">
              <dt className="font-mono text-[13px] font-medium">{mode}</dt>
              <dd className="text-muted">{t(text)}</dd>
            </div>
          ))}
        </dl>
      </Card>
      {plan && <Rules plan={plan} />}
      {plan && (
        <details>
          <summary className="cursor-pointer py-1 text-muted">{t("plan.json")}</summary>
          <Code label={t("plan.json")} wrap={false} text={JSON.stringify(plan, null, 2)} />
        </details>
      )}
    </div>
  );
}

function Rules({ plan }: { plan: PlanShape }) {
  const t = useT();
  return (
    <>
      <Rows
        title={t("plan.paths")}
        rows={(plan.redirects ?? []).map((rule) => [rule.path, rule.isolation + (rule.read_only ? `, ${t("plan.readonly")}` : ""), rule.host ?? rule.place])}
      />
      <Rows
        title={t("plan.registry")}
        rows={(plan.registry ?? []).map((rule) => [rule.view === "both" ? rule.key : `${rule.key} (${rule.view})`, rule.isolation, [rule.place.file, rule.place.key].filter(Boolean).join(" · ")])}
      />
    </>
  );
}

function Rows({ title, rows }: { title: string; rows: readonly (readonly [string, string, string])[] }) {
  const t = useT();
  if (rows.length === 0) return null;
  return (
    <section className="grid gap-2">
      <h2 className="font-semibold">{title}</h2>
      <Table
        label={title}
        head={
          <>
            <Head>{t("plan.what")}</Head>
            <Head>{t("plan.mode")}</Head>
            <Head>{t("plan.place")}</Head>
          </>
        }
      >
        {rows.map(([what, mode, place]) => (
          <Row key={`${what} ${mode}`}>
            <Cell className="font-mono text-[13px]">
              <Name of={what} />
            </Cell>
            <Cell className="font-mono text-[13px] whitespace-nowrap">{mode}</Cell>
            <Cell className="font-mono text-[13px] break-all text-muted">
              <Name of={place} />
            </Cell>
          </Row>
        ))}
      </Table>
    </section>
  );
}
