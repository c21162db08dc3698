"use client";

import { useSyncExternalStore } from "react";

import { en } from "./en";
import { es } from "./es";

export type Language = "en" | "es";
export type Text = keyof typeof en;
export type Translate = (name: Text, values?: Record<string, string | number>) => string;

const TEXTS: Record<Language, Record<Text, string>> = { en, es };
const NAME = "ctnr.language";
const listeners = new Set<() => void>();
let chosen: Language | null = null;

function read(): Language {
  if (chosen) return chosen;
  const stored = localStorage.getItem(NAME);
  chosen =
    stored === "en" || stored === "es" ? stored : navigator.language.startsWith("es") ? "es" : "en";
  document.documentElement.lang = chosen;
  return chosen;
}

export function choose(language: Language): void {
  chosen = language;
  localStorage.setItem(NAME, language);
  document.documentElement.lang = language;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useLanguage(): Language {
  return useSyncExternalStore(subscribe, read, () => "en" as const);
}

export function fill(text: string, values: Record<string, string | number> = {}): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

const TRANSLATE: Record<Language, Translate> = {
  en: (name, values) => fill(TEXTS.en[name], values),
  es: (name, values) => fill(TEXTS.es[name], values),
};

export function useT(): Translate {
  return TRANSLATE[useLanguage()];
}
