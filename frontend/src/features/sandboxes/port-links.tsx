"use client";

import { ExternalLink } from "lucide-react";

import { api, data } from "@/api/request";
import type { Port } from "@/api/types";
import { useT } from "@/i18n";
import { sayError } from "@/ui/toast";

/** The numbers once each: a port that answers on two addresses stands in the list twice. */
export function distinct(ports: readonly Port[]): Port[] {
  const byName = new Map(ports.map((port) => [`${port.PrivatePort}/${port.Type}`, port]));
  return [...byName.values()];
}

/** Opens the port at an origin of its own; the API gives the link, with a ticket where a key is wanted. */
async function open(id: string, port: number): Promise<void> {
  const page = window.open("about:blank", "_blank");
  try {
    const link = await data(api.POST("/v1/sandboxes/{id}/links", { params: { path: { id } }, body: { port } }));
    if (!page) throw new Error("the browser blocked the new tab");
    page.opener = null;
    page.location.replace(link.url);
  } catch (error) {
    page?.close();
    sayError(error);
  }
}

interface Props {
  id: string;
  ports: readonly Port[];
  isRunning: boolean;
}

export function PortLinks({ id, ports, isRunning }: Props) {
  const t = useT();
  return (
    <span className="flex flex-wrap gap-x-3 gap-y-1">
      {distinct(ports).map((port) => {
        const name = `${port.PublicPort ?? "–"} → ${port.PrivatePort}/${port.Type}`;
        if (port.Type !== "tcp" || !isRunning) {
          return (
            <span key={name} className="whitespace-nowrap text-muted">
              {name}
            </span>
          );
        }
        return (
          <button
            key={name}
            type="button"
            aria-label={t("ports.open", { port: port.PrivatePort })}
            onClick={() => void open(id, port.PrivatePort)}
            className="inline-flex items-center gap-1 whitespace-nowrap text-accent hover:underline"
          >
            {name}
            <ExternalLink aria-hidden className="size-3.5" />
          </button>
        );
      })}
    </span>
  );
}
