"use client";

import { useQuery } from "@tanstack/react-query";

import type { Host } from "@/api/types";
import { useT } from "@/i18n";
import { ErrorNote } from "@/ui/error-note";
import { Facts } from "@/ui/facts";
import { Name } from "@/ui/name";
import { Card } from "@/ui/page";
import { State } from "@/ui/state";
import { Ago } from "@/ui/time";

import { hostsQuery } from "./data";

/** All hosts of the platform: those with a backend, and those that an agent has enrolled. */
export function Platform() {
  const t = useT();
  const { data: hosts = [], error, refetch } = useQuery(hostsQuery);
  return (
    <Card title={t("hosts.all")}>
      <ErrorNote error={error} onRetry={() => void refetch()} />
      <ul className="grid gap-5 divide-y divide-line *:not-last:pb-5">
        {hosts.map((host) => (
          <li key={host.id} className="grid gap-2">
            <p className="flex flex-wrap items-center gap-2 font-medium">
              <Name of={host.agent?.name ?? host.id} className="break-all" />
              <State of={host.state} />
            </p>
            <HostFacts of={host} />
          </li>
        ))}
      </ul>
    </Card>
  );
}

function HostFacts({ of: { id, agent, backend } }: { of: Host }) {
  const t = useT();
  const able = [...(agent?.engines ?? []), ...(agent?.realisers ?? [])].filter(({ available }) => available);
  return (
    <Facts
      of={[
        ["ID", agent && <code key="i" className="font-mono text-[13px] wrap-anywhere">{id}</code>],
        [t("settings.backend"), backend && <Seen key="b" at={backend.last_seen} state={backend.state} />],
        [t("hosts.agent"), agent && <Seen key="a" at={agent.last_seen} state={agent.state} />],
        [t("hosts.system"), agent && <Name key="s" of={`${agent.system} ${agent.architecture}, ${agent.version}`} />],
        [t("hosts.able"), agent && (able.length > 0 ? <Name key="e" of={able.map(({ name }) => name).join(", ")} /> : t("none"))],
      ]}
    />
  );
}

function Seen({ at, state }: { at: string; state: string }) {
  const t = useT();
  return (
    <span className="inline-flex flex-wrap items-center gap-2">
      <State of={state} />
      <span className="text-muted">
        {t("hosts.seen")} <Ago at={at} />
      </span>
    </span>
  );
}
