import { Activity, AppWindow, Box, Cpu, HardDrive, ListChecks, Package, Settings, type LucideIcon } from "lucide-react";

import type { Text } from "@/i18n";

export interface Place {
  path: string;
  name: Text;
  icon: LucideIcon;
  /** Paths of pages below it. */
  below?: readonly string[];
}

/** The pages of the panel, in the order of the navigation. */
export const PLACES: readonly Place[] = [
  { path: "/", name: "nav.sandboxes", icon: Box, below: ["/sandbox", "/create"] },
  { path: "/containers", name: "nav.containers", icon: AppWindow, below: ["/container"] },
  { path: "/images", name: "nav.images", icon: Package },
  { path: "/runtimes", name: "nav.runtimes", icon: Cpu },
  { path: "/jobs", name: "nav.jobs", icon: ListChecks },
  { path: "/events", name: "nav.events", icon: Activity },
  { path: "/hosts", name: "nav.hosts", icon: HardDrive },
  { path: "/settings", name: "nav.settings", icon: Settings },
];

export function isAt(place: Place, path: string): boolean {
  return place.path === path || (place.below ?? []).includes(path);
}
