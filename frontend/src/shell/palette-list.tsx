"use client";

import { useQuery } from "@tanstack/react-query";
import { Command } from "cmdk";
import { AppWindow, Box, Languages, Plus, SunMoon } from "lucide-react";
import { useRouter } from "next/navigation";
import type { ReactNode } from "react";

import { containersQuery } from "@/features/containers/data";
import { nameOf, sandboxesQuery } from "@/features/sandboxes/data";
import { choose, useLanguage, useT } from "@/i18n";
import { Dialog } from "@/ui/dialog";
import { visible } from "@/ui/harmless";

import { PLACES } from "./places";
import { chooseTheme, useTheme } from "./theme";

const SHOWN = 200;

export function PaletteList({ onClose }: { onClose: () => void }) {
  const t = useT();
  const router = useRouter();
  const language = useLanguage();
  const theme = useTheme();
  const sandboxes = useQuery(sandboxesQuery).data ?? [];
  const containers = useQuery(containersQuery).data ?? [];
  const go = (path: string) => {
    onClose();
    router.push(path);
  };
  const run = (action: () => void) => {
    onClose();
    action();
  };
  return (
    <Dialog open title={t("palette.title")} onClose={onClose}>
      <Command label={t("palette.title")}>
        <Command.Input
          autoFocus
          placeholder={t("palette.hint")}
          className="mb-2 w-full rounded-md border border-edge bg-surface px-3 py-2"
        />
        <Command.List className="max-h-[50dvh] overflow-auto">
          <Command.Empty className="px-3 py-6 text-center text-muted">{t("nothing")}</Command.Empty>
          {PLACES.map((place) => (
            <Entry key={place.path} icon={<place.icon />} onSelect={() => go(place.path)}>
              {t(place.name)}
            </Entry>
          ))}
          <Entry icon={<Plus />} onSelect={() => go("/create")}>
            {t("sandboxes.create")}
          </Entry>
          <Entry icon={<SunMoon />} onSelect={() => run(() => chooseTheme(theme === "dark" ? "light" : "dark"))}>
            {theme === "dark" ? t("theme.light") : t("theme.dark")}
          </Entry>
          <Entry icon={<Languages />} onSelect={() => run(() => choose(language === "en" ? "es" : "en"))}>
            {language === "en" ? "Español" : "English"}
          </Entry>
          {sandboxes.slice(0, SHOWN).map((sandbox) => (
            <Entry key={sandbox.Id} value={sandbox.Id} words={nameOf(sandbox)} icon={<Box />} onSelect={() => go(`/sandbox?id=${sandbox.Id}`)}>
              {visible(nameOf(sandbox))}
            </Entry>
          ))}
          {containers.slice(0, SHOWN).map((container) => (
            <Entry key={container.id} value={container.id} words={container.name} icon={<AppWindow />} onSelect={() => go(`/container?id=${container.id}`)}>
              {visible(container.name)}
            </Entry>
          ))}
        </Command.List>
      </Command>
    </Dialog>
  );
}

interface EntryProps {
  icon: ReactNode;
  value?: string;
  words?: string;
  onSelect: () => void;
  children: string;
}

function Entry({ icon, value, words, onSelect, children }: EntryProps) {
  return (
    <Command.Item
      value={value}
      keywords={words ? [words] : undefined}
      onSelect={onSelect}
      className="flex cursor-pointer items-center gap-2.5 rounded-md px-3 py-2 data-[selected=true]:bg-accent-soft data-[selected=true]:text-accent [&_svg]:size-4 [&_svg]:shrink-0"
    >
      {icon}
      <bdi className="truncate">{children}</bdi>
    </Command.Item>
  );
}
