"use client";

import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useLayoutEffect, useRef, useState } from "react";

import type { Sandbox } from "@/api/types";
import { useT } from "@/i18n";
import { Head, Table } from "@/ui/table";

import { SandboxRow } from "./row";

interface Props {
  sandboxes: readonly Sandbox[];
  chosen: ReadonlySet<string>;
  onChoose: (chosen: ReadonlySet<string>) => void;
}

const ROW = 45;

/** The rows near the window alone are in the page, so that thousands stay smooth. */
export function SandboxTable({ sandboxes, chosen, onChoose }: Props) {
  const t = useT();
  const frame = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => setTop((frame.current?.offsetTop ?? 0) + ROW), []);
  const rows = useWindowVirtualizer({ count: sandboxes.length, estimateSize: () => ROW, overscan: 12, scrollMargin: top });
  const items = rows.getVirtualItems();
  const before = (items[0]?.start ?? top) - top;
  const after = rows.getTotalSize() - ((items.at(-1)?.end ?? top) - top);
  const areAll = sandboxes.length > 0 && sandboxes.every(({ Id }) => chosen.has(Id));
  const choose = (id: string) => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    onChoose(next);
  };
  return (
    <div ref={frame}>
      <Table
        label={t("nav.sandboxes")}
        head={
          <>
            <Head className="w-8">
              <input
                type="checkbox"
                aria-label={t("mark.all")}
                className="size-4 align-middle accent-(--accent)"
                checked={areAll}
                onChange={() => onChoose(new Set(areAll ? [] : sandboxes.map(({ Id }) => Id)))}
              />
            </Head>
            <Head>{t("name")}</Head>
            <Head className="max-sm:hidden">{t("state")}</Head>
            <Head className="max-lg:hidden">{t("image")}</Head>
            <Head className="max-lg:hidden">{t("ports")}</Head>
            <Head className="max-lg:hidden">{t("engine")}</Head>
            <Head className="max-lg:hidden">{t("created")}</Head>
            <Head>
              <span className="sr-only">{t("actions")}</span>
            </Head>
          </>
        }
      >
        {before > 0 && <Gap height={before} />}
        {items.map(({ index }) => {
          const sandbox = sandboxes[index];
          return sandbox && <SandboxRow key={sandbox.Id} sandbox={sandbox} isChosen={chosen.has(sandbox.Id)} onChoose={choose} />;
        })}
        {after > 0 && <Gap height={after} />}
        {sandboxes.length === 0 && (
          <tr>
            <td colSpan={8} className="px-3 py-8 text-center text-muted">
              {t("nothing")}
            </td>
          </tr>
        )}
      </Table>
    </div>
  );
}

function Gap({ height }: { height: number }) {
  return (
    <tr aria-hidden>
      <td colSpan={8} style={{ height, padding: 0 }} />
    </tr>
  );
}
