"use client";

import { Play } from "lucide-react";
import { useState, type FormEvent } from "react";

import { ApiError } from "@/api/error";
import { linesOf } from "@/api/lines";
import { request } from "@/api/request";
import type { Container } from "@/api/types";
import { words } from "@/features/create-sandbox/form";
import { useT } from "@/i18n";
import { Button } from "@/ui/button";
import { ErrorNote } from "@/ui/error-note";
import { Field, Select } from "@/ui/field";
import { plain } from "@/ui/harmless";
import { Card } from "@/ui/page";

type Frame =
  | { type: "started"; id: string }
  | { type: "output"; data: string }
  | { type: "exit"; exit_code: number }
  | { type: "error"; error: { code: string; message: string } };

/** Output beyond this many signs is cut at its beginning. */
const MOST = 200_000;

/** Runs an entry point or any program, and shows what it puts out. */
export function Run({ container }: { container: Container }) {
  const t = useT();
  const entries = container.entry_points ?? [];
  const [output, setOutput] = useState("");
  const [exit, setExit] = useState<number | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const take = (frame: Frame) => {
    if (frame.type === "output") setOutput((output) => (output + frame.data).slice(-MOST));
    if (frame.type === "exit") setExit(frame.exit_code);
    if (frame.type === "error") throw new ApiError(200, frame.error.code, frame.error.message);
  };
  const run = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const entry = String(form.get("entry") ?? "");
    const given = words(String(form.get("command") ?? "").replaceAll("\\", "\\\\"));
    const body = entry ? { entry, args: given } : { cmd: given };
    setOutput("");
    setExit(null);
    setError(null);
    setBusy(true);
    try {
      const response = await request(`/api/containers/${container.id}/${entry ? "run" : "exec"}`, {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: "application/x-ndjson" },
        body: JSON.stringify(body),
      });
      if (response.body) for await (const line of linesOf(response.body)) take(JSON.parse(line) as Frame);
    } catch (error) {
      setError(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Card>
      <form onSubmit={run} className="grid items-end gap-4 sm:grid-cols-[12rem_minmax(0,1fr)_auto]">
        <Select label={t("run.what")} name="entry">
          {entries.map((entry) => (
            <option key={entry}>{entry}</option>
          ))}
          <option value="">{t("run.program")}</option>
        </Select>
        <Field label={entries.length > 0 ? t("run.arguments") : t("command")} name="command" className="font-mono text-[13px]" spellCheck={false} placeholder="cmd /c ver" />
        <Button type="submit" look="main" disabled={isBusy}>
          <Play aria-hidden />
          {isBusy ? t("run.busy") : t("run")}
        </Button>
      </form>
      <div className="mt-4 grid gap-3" aria-live="polite">
        <ErrorNote error={error} />
        {(output || exit !== null) && (
          <pre tabIndex={0} aria-label={t("run.output")} dir="ltr" className="max-h-[50vh] overflow-auto rounded-lg bg-sunken p-3 font-mono text-[12.5px] break-all whitespace-pre-wrap">
            {output.split("\n").map(plain).join("\n")}
          </pre>
        )}
        {exit !== null && <p className={exit === 0 ? "text-good" : "text-bad"}>{t("terminal.exit", { code: exit })}</p>}
      </div>
    </Card>
  );
}
