"use client";

import { useEffect, useState } from "react";
import dynamic from "next/dynamic";

const List = dynamic(() => import("./palette-list").then((module) => module.PaletteList), { ssr: false });

const OPEN = "ctnr:palette";

export function openPalette(): void {
  window.dispatchEvent(new Event(OPEN));
}

/** Everything by its name: Ctrl K. */
export function Palette() {
  const [isOpen, setOpen] = useState(false);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        setOpen((isOpen) => !isOpen);
      }
    };
    const onOpen = () => setOpen(true);
    window.addEventListener("keydown", onKey);
    window.addEventListener(OPEN, onOpen);
    return () => {
      window.removeEventListener("keydown", onKey);
      window.removeEventListener(OPEN, onOpen);
    };
  }, []);
  return isOpen ? <List onClose={() => setOpen(false)} /> : null;
}
