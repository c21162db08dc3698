"use client";

import { Moon, Sun } from "lucide-react";

import { choose, useLanguage, useT } from "@/i18n";
import { IconButton } from "@/ui/button";

import { chooseTheme, useTheme } from "./theme";

export function Preferences() {
  const t = useT();
  const language = useLanguage();
  const theme = useTheme();
  return (
    <div className="flex items-center justify-between">
      <button
        type="button"
        lang={language === "en" ? "es" : "en"}
        className="rounded-md px-2 py-1 text-muted hover:bg-sunken hover:text-ink"
        onClick={() => choose(language === "en" ? "es" : "en")}
      >
        {language === "en" ? "Español" : "English"}
      </button>
      <IconButton
        label={theme === "dark" ? t("theme.light") : t("theme.dark")}
        onClick={() => chooseTheme(theme === "dark" ? "light" : "dark")}
      >
        {theme === "dark" ? <Sun /> : <Moon />}
      </IconButton>
    </div>
  );
}
