"use client";

import { FitAddon } from "@xterm/addon-fit";
import { Terminal as Xterm } from "@xterm/xterm";
import "@xterm/xterm/css/xterm.css";
import { useEffect, useRef, useState } from "react";

import { useT } from "@/i18n";
import { useTheme } from "@/shell/theme";
import { Button } from "@/ui/button";
import { visible } from "@/ui/harmless";

import { Connection } from "./connection";
import { THEMES } from "./themes";

interface Props {
  base: string;
  command: readonly string[];
  isShown: boolean;
  label: string;
}

const FONT = 'ui-monospace, "SF Mono", "Cascadia Mono", "Noto Sans Mono", "DejaVu Sans Mono", monospace';

export function Terminal({ base, command, isShown, label }: Props) {
  const t = useT();
  const theme = useTheme();
  const frame = useRef<HTMLDivElement>(null);
  const shown = useRef<{ screen: Xterm; fit: FitAddon } | null>(null);
  const [round, setRound] = useState(0);
  const [end, setEnd] = useState<{ exit?: number; message?: string } | null>(null);
  const words = command.join("\n");

  useEffect(() => {
    if (!frame.current) return;
    const screen = new Xterm({ fontFamily: FONT, fontSize: 13, cursorBlink: true, scrollback: 10_000, screenReaderMode: true });
    const fit = new FitAddon();
    screen.loadAddon(fit);
    screen.open(frame.current);
    screen.textarea?.setAttribute("aria-label", label);
    fit.fit();
    shown.current = { screen, fit };
    const isContainer = base.startsWith("/api/");
    const start = { type: isContainer ? "program" : "start", cmd: words.split("\n"), columns: screen.cols, rows: screen.rows };
    const connection = new Connection(base, start, { onOutput: (bytes) => screen.write(bytes), onEnd: setEnd }, isContainer ? "?by_message=true&tty=true" : "");
    const encoder = new TextEncoder();
    screen.onData((text) => connection.type(encoder.encode(text)));
    screen.onResize(({ cols, rows }) => connection.resize({ columns: cols, rows }));
    const watcher = new ResizeObserver(() => frame.current?.offsetWidth && fit.fit());
    watcher.observe(frame.current);
    screen.focus();
    return () => {
      watcher.disconnect();
      connection.close();
      screen.dispose();
      shown.current = null;
    };
  }, [base, words, round, label]);

  useEffect(() => {
    if (shown.current) shown.current.screen.options.theme = THEMES[theme];
  }, [theme, round]);

  useEffect(() => {
    if (isShown) shown.current?.screen.focus();
  }, [isShown]);

  const again = () => {
    setEnd(null);
    setRound(round + 1);
  };
  return (
    <div className="grid gap-2">
      <div ref={frame} data-testid="terminal" className="h-[60vh] overflow-hidden rounded-xl border border-line bg-surface p-2" />
      {end && (
        <div role="status" className="flex flex-wrap items-center gap-3">
          <span className="text-muted">
            {end.message ? visible(end.message) : end.exit === undefined ? t("terminal.lost") : t("terminal.exit", { code: end.exit })}
          </span>
          <Button onClick={again}>{t("terminal.again")}</Button>
        </div>
      )}
    </div>
  );
}
