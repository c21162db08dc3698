"use client";

import { Check, Copy } from "lucide-react";
import { useState } from "react";

import { useT } from "@/i18n";

import { IconButton } from "./button";

/** Lines to copy. */
export function Code({ text, label, wrap = true }: { text: string; label: string; wrap?: boolean }) {
  const t = useT();
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), 1500);
  };
  return (
    <div className="relative min-w-0 rounded-lg bg-sunken">
      <pre
        tabIndex={0}
        aria-label={label}
        dir="ltr"
        className={`max-h-[65vh] overflow-auto p-3 pr-11 font-mono text-[12.5px] leading-relaxed ${wrap ? "break-all whitespace-pre-wrap" : ""}`}
      >
        {text}
      </pre>
      <IconButton label={isCopied ? t("copied") : t("copy")} className="absolute top-1.5 right-1.5" onClick={copy}>
        {isCopied ? <Check /> : <Copy />}
      </IconButton>
    </div>
  );
}
