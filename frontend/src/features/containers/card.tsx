"use client";

import { AppWindow, Play, Square } from "lucide-react";
import Link from "next/link";

import type { Container } from "@/api/types";
import { useT } from "@/i18n";
import { IconButton } from "@/ui/button";
import { visible } from "@/ui/harmless";
import { Name } from "@/ui/name";
import { State } from "@/ui/state";
import { Ago } from "@/ui/time";
import { sayError } from "@/ui/toast";

import { actions } from "./data";

/** A container in the gallery. */
export function ContainerCard({ container }: { container: Container }) {
  const t = useT();
  const { id, name, state } = container;
  const isRunning = state === "running";
  return (
    <li className="flex items-start gap-3 rounded-xl border border-line bg-surface p-4">
      <span aria-hidden className="grid size-10 shrink-0 place-items-center rounded-lg bg-accent-soft text-accent">
        <AppWindow className="size-5" />
      </span>
      <div className="grid min-w-0 grow gap-1">
        <Link href={`/container?id=${id}`} className="font-medium hover:underline">
          <Name of={name} className="line-clamp-1 break-all" />
        </Link>
        <div className="flex flex-wrap items-center gap-2 text-[13px] text-muted">
          <State of={state} />
          <Ago at={container.created_at} />
        </div>
        {container.error && <p className="line-clamp-2 text-[13px] text-bad">{visible(container.error)}</p>}
      </div>
      <IconButton
        label={t(isRunning ? "stop.of" : "start.of", { name })}
        disabled={!isRunning && state !== "stopped"}
        onClick={() => void (isRunning ? actions.stop(id) : actions.start(id)).catch(sayError)}
      >
        {isRunning ? <Square /> : <Play />}
      </IconButton>
    </li>
  );
}
