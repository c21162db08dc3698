"use client";

import { MoreHorizontal, RotateCw, Square, Trash2 } from "lucide-react";
import Link from "next/link";
import { useState } from "react";

import type { Sandbox } from "@/api/types";
import { useT } from "@/i18n";
import { IconButton } from "@/ui/button";
import { Menu } from "@/ui/menu";
import { Name } from "@/ui/name";
import { State } from "@/ui/state";
import { Cell, Row } from "@/ui/table";
import { Ago } from "@/ui/time";
import { sayError } from "@/ui/toast";

import { actions, nameOf, type Action } from "./data";
import { DeleteSandboxes } from "./delete";
import { PortLinks } from "./port-links";

interface Props {
  sandbox: Sandbox;
  isChosen: boolean;
  onChoose: (id: string) => void;
}

export function SandboxRow({ sandbox, isChosen, onChoose }: Props) {
  const t = useT();
  const [isDeleting, setDeleting] = useState(false);
  const name = nameOf(sandbox);
  const act = (action: Action) => void actions[action](sandbox.Id).catch(sayError);
  const isRunning = sandbox.State === "running";
  return (
    <Row data-chosen={isChosen}>
      <Cell>
        <input
          type="checkbox"
          aria-label={t("mark", { name })}
          className="size-4 align-middle accent-(--accent)"
          checked={isChosen}
          onChange={() => onChoose(sandbox.Id)}
        />
      </Cell>
      <Cell className="w-full max-w-0 lg:w-auto lg:max-w-72">
        <Link href={`/sandbox?id=${sandbox.Id}`} className="font-medium hover:underline">
          <Name of={name} className="line-clamp-1 break-all" />
        </Link>
        <span className="mt-1 block sm:hidden">
          <State of={sandbox.State} />
        </span>
        <Labels of={sandbox.Labels ?? {}} />
      </Cell>
      <Cell title={sandbox.Status} className="max-sm:hidden">
        <State of={sandbox.State} />
      </Cell>
      <Cell className="max-w-64 truncate text-muted max-lg:hidden">
        <Name of={sandbox.Image} />
      </Cell>
      <Cell className="max-lg:hidden">
        <PortLinks id={sandbox.Id} ports={sandbox.Ports ?? []} isRunning={isRunning} />
      </Cell>
      <Cell className="text-muted max-lg:hidden">{sandbox.Engine}</Cell>
      <Cell className="whitespace-nowrap text-muted max-lg:hidden">
        <Ago at={sandbox.Created * 1000} />
      </Cell>
      <Cell className="text-right">
        <Menu
          trigger={
            <IconButton label={t("actions.of", { name })}>
              <MoreHorizontal />
            </IconButton>
          }
          items={[
            { label: t("stop"), icon: <Square />, disabled: !isRunning, onSelect: () => act("stop") },
            { label: isRunning ? t("restart") : t("start"), icon: <RotateCw />, onSelect: () => act("restart") },
            { label: t("delete"), icon: <Trash2 />, isDangerous: true, onSelect: () => setDeleting(true) },
          ]}
        />
        {isDeleting && <DeleteSandboxes sandboxes={[sandbox]} onClose={() => setDeleting(false)} />}
      </Cell>
    </Row>
  );
}

const SHOWN = 3;

function Labels({ of }: { of: Record<string, string> }) {
  const pairs = Object.entries(of);
  if (pairs.length === 0) return null;
  return (
    <span className="mt-0.5 flex gap-1 overflow-hidden">
      {pairs.slice(0, SHOWN).map(([key, value]) => (
        <Name key={key} of={value ? `${key}=${value}` : key} className="truncate rounded bg-sunken px-1.5 text-xs text-muted" />
      ))}
    </span>
  );
}
