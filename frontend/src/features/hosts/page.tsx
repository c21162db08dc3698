"use client";

import { useQuery } from "@tanstack/react-query";

import { useT } from "@/i18n";
import { ErrorNote } from "@/ui/error-note";
import { Facts } from "@/ui/facts";
import { visible } from "@/ui/harmless";
import { Card, Page } from "@/ui/page";
import { State } from "@/ui/state";
import { useTitle } from "@/ui/title";

import { hostQuery } from "./data";
import { Platform } from "./platform";

interface Ability {
  name: string;
  available: boolean;
  default?: boolean;
  reason?: string | null;
  capabilities?: readonly string[];
}

/** What this host can run, and why not. */
export function HostsPage() {
  const t = useT();
  useTitle(t("nav.hosts"));
  const { data: host, error, refetch } = useQuery({ ...hostQuery, staleTime: 0 });
  return (
    <Page title={t("nav.hosts")} lead={t("hosts.lead")}>
      <ErrorNote error={error} onRetry={() => void refetch()} />
      {host && (
        <div className="grid gap-5">
          <Card title={t("hosts.this")}>
            <Facts
              of={[
                ["ID", <code key="i" className="font-mono text-[13px] break-all">{host.id}</code>],
                [t("hosts.system"), `${host.system} ${host.architecture}`],
                [t("hosts.folders"), host.host_folders.length > 0 ? host.host_folders.map(visible).join(", ") : t("none")],
              ]}
            />
          </Card>
          <Platform />
          <div className="grid gap-5 lg:grid-cols-2">
            <Abilities title={t("hosts.engines")} of={host.engines} />
            <Abilities title={t("hosts.realisers")} of={host.realisers} />
          </div>
        </div>
      )}
    </Page>
  );
}

function Abilities({ title, of }: { title: string; of: readonly Ability[] }) {
  const t = useT();
  return (
    <Card title={title}>
      <ul className="grid gap-4">
        {of.map((ability) => (
          <li key={ability.name}>
            <p className="flex flex-wrap items-center gap-2 font-medium">
              {ability.name}
              <State of={ability.available ? "available" : "missing"} />
              {ability.default && <span className="rounded bg-accent-soft px-1.5 py-0.5 text-xs text-accent">{t("default")}</span>}
            </p>
            {ability.reason && <p className="mt-1 break-words text-muted">{visible(ability.reason)}</p>}
            {(ability.capabilities ?? []).length > 0 && (
              <ul className="mt-2 flex flex-wrap gap-1.5">
                {ability.capabilities?.map((name) => (
                  <li key={name} className="rounded bg-sunken px-2 py-0.5 text-[13px] text-muted">
                    {name}
                  </li>
                ))}
              </ul>
            )}
          </li>
        ))}
      </ul>
    </Card>
  );
}
