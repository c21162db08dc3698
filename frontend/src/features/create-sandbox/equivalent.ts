import type { CreateSandbox } from "@/api/types";

/** A word as a shell takes it. */
export function quoted(word: string): string {
  return /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** The same request by curl. */
export function curlOf(request: CreateSandbox, base: string): string {
  const body = JSON.stringify(request, null, 2).replaceAll("'", `'\\''`);
  return `curl -X POST ${base}/v1/sandboxes \\\n  -H 'Content-Type: application/json' \\\n  -d '${body}'`;
}

/** The same request by the command line. */
export function cliOf(request: CreateSandbox): string {
  const parts = ["ctnr sandbox create"];
  const add = (option: string, value: string | number | undefined | null) => {
    if (value !== undefined && value !== null) parts.push(`${option} ${quoted(String(value))}`);
  };
  add("--name", request.name);
  for (const port of request.ports ?? []) add("-p", port);
  for (const pair of Array.isArray(request.env) ? request.env : []) add("-e", pair);
  for (const [key, value] of Object.entries(request.labels ?? {})) add("-l", value ? `${key}=${value}` : key);
  add("--memory", request.limits?.memory);
  add("--cpus", request.limits?.cpus);
  add("--network", request.network);
  add("--engine", request.engine);
  parts.push([request.image || "IMAGE", ...(request.cmd ?? [])].map(quoted).join(" "));
  return parts.join(" \\\n  ");
}
