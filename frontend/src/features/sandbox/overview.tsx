"use client";

import type { Port, SandboxDetails } from "@/api/types";
import { PortLinks } from "@/features/sandboxes/port-links";
import { useLanguage, useT } from "@/i18n";
import { memory as memoryOf } from "@/i18n/format";
import { Facts } from "@/ui/facts";
import { visible } from "@/ui/harmless";
import { Name } from "@/ui/name";
import { Card } from "@/ui/page";
import { Ago } from "@/ui/time";

/** Docker's map of ports as a list. */
export function portsOf(sandbox: SandboxDetails): Port[] {
  return Object.entries(sandbox.NetworkSettings.Ports ?? {}).map(([name, bindings]) => {
    const [port = "0", type = "tcp"] = name.split("/");
    const host = bindings?.[0];
    return { PrivatePort: Number(port), Type: type, PublicPort: host ? Number(host.HostPort) : null, IP: host?.HostIp ?? null };
  });
}

export function Overview({ sandbox }: { sandbox: SandboxDetails }) {
  const t = useT();
  const language = useLanguage();
  const { Config: config, HostConfig: limits, State: state } = sandbox;
  const ports = portsOf(sandbox);
  const memory = limits.Memory ? memoryOf(limits.Memory, language) : t("unlimited");
  const cpus = limits.NanoCpus ? (limits.NanoCpus / 1e9).toLocaleString(language) : t("unlimited");
  return (
    <div className="grid gap-5 lg:grid-cols-2">
      <Card title={t("overview.program")}>
        <Facts
          of={[
            [t("image"), config.Image && <Name of={config.Image} />],
            [t("command"), <code key="c" className="font-mono text-[13px] wrap-anywhere">{visible([sandbox.Path, ...sandbox.Args].join(" "))}</code>],
            [t("workdir"), config.WorkingDir && <Name of={config.WorkingDir} />],
            [t("user"), config.User],
            [t("exit"), !state.Running && state.FinishedAt ? String(state.ExitCode) : null],
            [t("error"), state.OOMKilled ? t("oom") : state.Error && visible(state.Error)],
            [t("created"), <Ago key="a" at={sandbox.Created} />],
          ]}
        />
      </Card>
      <Card title={t("overview.place")}>
        <Facts
          of={[
            ["ID", <code key="i" className="font-mono text-[13px] wrap-anywhere">{sandbox.Id}</code>],
            [t("engine"), sandbox.Engine],
            [t("ports"), ports.length > 0 ? <PortLinks key="p" id={sandbox.Id} ports={ports} isRunning={state.Running} /> : t("none")],
            [t("network"), limits.NetworkMode],
            [t("create.memory"), memory],
            [t("create.cpus"), cpus],
            [t("address"), sandbox.NetworkSettings.IPAddress],
          ]}
        />
      </Card>
      <Pairs title={t("create.env")} pairs={(config.Env ?? []).map((pair) => pair.split(/=(.*)/s, 2) as [string, string])} />
      <Pairs title={t("create.labels")} pairs={Object.entries(config.Labels ?? {})} />
    </div>
  );
}

function Pairs({ title, pairs }: { title: string; pairs: readonly (readonly [string, string])[] }) {
  const t = useT();
  return (
    <Card title={title}>
      {pairs.length === 0 && <p className="text-muted">{t("none")}</p>}
      <dl className="grid gap-1 font-mono text-[13px]">
        {pairs.map(([name, value]) => (
          <div key={name} className="flex flex-wrap gap-x-3">
            <dt className="text-muted">
              <Name of={name} />
            </dt>
            <dd className="min-w-0 break-all">
              <Name of={value ?? ""} />
            </dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}
