"use client";

import { Menu as MenuIcon, X } from "lucide-react";
import Link from "next/link";
import { usePathname } from "next/navigation";
import { useState } from "react";

import { useT } from "@/i18n";
import { IconButton } from "@/ui/button";
import { classes } from "@/ui/classes";

import { openPalette } from "./palette";
import { isAt, PLACES } from "./places";
import { Preferences } from "./preferences";

export function Navigation() {
  const t = useT();
  const path = usePathname();
  const [isOpen, setOpen] = useState(false);
  return (
    <header className="border-line bg-surface max-md:border-b md:sticky md:top-0 md:flex md:h-dvh md:flex-col md:border-r">
      <div className="flex items-center justify-between px-4 py-3">
        <Link href="/" className="flex items-center gap-2 rounded-md text-base font-semibold tracking-tight">
          <img src="/icon.svg" alt="" width={24} height={24} />
          ctnr
        </Link>
        <IconButton label={t("menu")} aria-expanded={isOpen} className="md:hidden" onClick={() => setOpen(!isOpen)}>
          {isOpen ? <X /> : <MenuIcon />}
        </IconButton>
      </div>
      <div className={classes("grow flex-col md:flex", isOpen ? "flex" : "hidden")}>
        <button
          type="button"
          onClick={openPalette}
          className="mx-3 mb-2 flex items-center justify-between rounded-md border border-line px-2.5 py-1.5 text-muted hover:bg-sunken"
        >
          {t("palette.open")}
          <kbd className="font-mono text-xs">Ctrl K</kbd>
        </button>
        <nav aria-label={t("menu")} className="grid gap-0.5 px-3 pb-3">
          {PLACES.map((place) => (
            <Link
              key={place.path}
              href={place.path}
              onClick={() => setOpen(false)}
              aria-current={isAt(place, path) ? "page" : undefined}
              className={classes(
                "flex items-center gap-2.5 rounded-md px-2.5 py-1.5 hover:bg-sunken",
                isAt(place, path) ? "bg-accent-soft font-medium text-accent" : "text-muted hover:text-ink",
              )}
            >
              <place.icon aria-hidden className="size-4" />
              {t(place.name)}
            </Link>
          ))}
        </nav>
        <div className="mt-auto border-t border-line p-3">
          <Preferences />
        </div>
      </div>
    </header>
  );
}
