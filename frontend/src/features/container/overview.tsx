"use client";

import type { Container } from "@/api/types";
import { useT } from "@/i18n";
import { Facts } from "@/ui/facts";
import { Name } from "@/ui/name";
import { Card } from "@/ui/page";
import { Ago } from "@/ui/time";

export function Overview({ container }: { container: Container }) {
  const t = useT();
  const labels = Object.entries(container.labels ?? {});
  const folders = Object.entries(container.folders ?? {});
  const code = (text: string) => <code className="font-mono text-[13px] wrap-anywhere">{text}</code>;
  return (
    <div className="grid gap-5 lg:grid-cols-2">
      <Card title={t("tab.overview")}>
        <Facts
          of={[
            ["ID", code(container.id)],
            [t("runtime"), <Name key="r" of={container.runtime.name} />],
            [t("network"), container.network === "none" ? t("network.none") : t("network.open")],
            [t("engine"), container.engine],
            [t("created"), <Ago key="c" at={container.created_at} />],
            [t("changed"), <Ago key="m" at={container.changed_at} />],
          ]}
        />
      </Card>
      <Card title={t("containers.content")}>
        <Facts
          of={[
            [t("containers.entries"), (container.entry_points ?? []).map((entry) => <Name key={entry} of={entry} className="mr-2" />)],
            [t("containers.layers"), String((container.layers ?? []).length + container.base_layers)],
            [t("create.labels"), labels.length > 0 && labels.map(([key, value]) => <Name key={key} of={`${key}=${value}`} className="mr-2" />)],
            [t("containers.folders"), folders.length > 0 && folders.map(([key, value]) => <Name key={key} of={`${key} → ${value}`} className="mr-2" />)],
          ]}
        />
      </Card>
    </div>
  );
}
