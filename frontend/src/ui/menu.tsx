"use client";

import { DropdownMenu } from "radix-ui";
import type { ReactNode } from "react";

import { classes } from "./classes";

export interface Item {
  label: string;
  icon?: ReactNode;
  isDangerous?: boolean;
  disabled?: boolean;
  onSelect: () => void;
}

export function Menu({ trigger, items }: { trigger: ReactNode; items: readonly Item[] }) {
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          align="end"
          sideOffset={4}
          className="z-50 min-w-44 rounded-lg border border-line bg-surface p-1 shadow-lg"
        >
          {items.map((item) => (
            <DropdownMenu.Item
              key={item.label}
              disabled={item.disabled}
              onSelect={item.onSelect}
              className={classes(
                "flex items-center gap-2 rounded-md px-2.5 py-1.5 outline-none data-disabled:opacity-40 data-highlighted:bg-sunken [&_svg]:size-4",
                item.isDangerous && "text-bad",
              )}
            >
              {item.icon}
              {item.label}
            </DropdownMenu.Item>
          ))}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
