"use client";

import { Tabs as Primitive } from "radix-ui";
import { useEffect, useRef, type ReactNode } from "react";

export interface Tab {
  name: string;
  label: string;
  content: ReactNode;
}

export function Tabs({ tabs, value, onChange }: { tabs: readonly Tab[]; value: string; onChange: (name: string) => void }) {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // On a narrow screen the list is wider than what is seen of it.
    list.current?.querySelector('[data-state="active"]')?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [value]);
  return (
    <Primitive.Root value={value} onValueChange={onChange} className="min-w-0">
      <Primitive.List ref={list} className="mb-4 flex gap-1 overflow-x-auto border-b border-line">
        {tabs.map((tab) => (
          <Primitive.Trigger
            key={tab.name}
            value={tab.name}
            className="-mb-px border-b-2 border-transparent px-3 py-2 font-medium whitespace-nowrap text-muted outline-offset-[-2px] hover:text-ink data-[state=active]:border-accent data-[state=active]:text-ink"
          >
            {tab.label}
          </Primitive.Trigger>
        ))}
      </Primitive.List>
      {tabs.map((tab) => (
        <Primitive.Content key={tab.name} value={tab.name} tabIndex={-1}>
          {tab.content}
        </Primitive.Content>
      ))}
    </Primitive.Root>
  );
}
