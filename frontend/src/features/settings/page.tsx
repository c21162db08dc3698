"use client";

import { useQuery } from "@tanstack/react-query";

import { readKey } from "@/api/key";
import { infoQuery } from "@/features/hosts/data";
import { useT } from "@/i18n";
import { Preferences } from "@/shell/preferences";
import { ErrorNote } from "@/ui/error-note";
import { Facts } from "@/ui/facts";
import { Card, Page } from "@/ui/page";
import { useTitle } from "@/ui/title";

const LINKS = ["/docs", "/openapi.json", "/metrics", "/healthz"];

export function SettingsPage() {
  const t = useT();
  useTitle(t("nav.settings"));
  const { data: info, error, refetch } = useQuery(infoQuery);
  return (
    <Page title={t("nav.settings")} lead={t("settings.lead")}>
      <ErrorNote error={error} onRetry={() => void refetch()} />
      <div className="grid gap-5 lg:grid-cols-2">
        <Card title={t("settings.backend")}>
          {info && (
            <Facts
              of={[
                [t("settings.version"), `${info.name} ${info.version}`],
                ["API", info.api],
                [t("hosts.engines"), info.engines.filter(({ available }) => available).map(({ name }) => name).join(", ")],
                [t("settings.key"), readKey() ? t("settings.key.sent") : t("settings.key.none")],
              ]}
            />
          )}
        </Card>
        <Card title={t("settings.page")}>
          <Preferences />
        </Card>
        <Card title={t("settings.links")}>
          <ul className="grid gap-1.5">
            {LINKS.map((path) => (
              <li key={path}>
                <a href={path} className="font-mono text-[13px] text-accent underline underline-offset-2">
                  {path}
                </a>
              </li>
            ))}
          </ul>
        </Card>
        <Card title={t("settings.keys")}>
          <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-2">
            <dt>
              <kbd className="rounded bg-sunken px-1.5 py-0.5 font-mono text-[13px]">Ctrl K</kbd>
            </dt>
            <dd>{t("palette.title")}</dd>
            <dt>
              <kbd className="rounded bg-sunken px-1.5 py-0.5 font-mono text-[13px]">Tab</kbd>
            </dt>
            <dd>{t("settings.keys.tab")}</dd>
          </dl>
        </Card>
      </div>
    </Page>
  );
}
