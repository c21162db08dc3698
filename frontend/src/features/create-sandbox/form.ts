import type { CreateSandbox } from "@/api/types";

/** What the form holds: texts, as they were typed. */
export interface Form {
  image: string;
  name: string;
  command: string;
  ports: string;
  env: string;
  labels: string;
  memory: string;
  cpus: string;
  network: "open" | "none";
  engine: "" | "native" | "docker";
}

export const EMPTY: Form = {
  image: "",
  name: "",
  command: "",
  ports: "",
  env: "",
  labels: "",
  memory: "",
  cpus: "",
  network: "open",
  engine: "",
};

/** Splits as a shell does: quotes keep spaces, a backslash keeps the next sign. */
export function words(text: string): string[] {
  const found: string[] = [];
  const word = /((?:'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^\s'"\\])+)/gs;
  for (const [whole] of text.matchAll(word)) {
    found.push(
      whole.replace(/'([^']*)'|"((?:\\.|[^"\\])*)"|\\(.)/gs, (_, single?: string, double?: string, sign?: string) =>
        single ?? double?.replace(/\\(["\\$`])/g, "$1") ?? sign ?? "",
      ),
    );
  }
  return found;
}

const lines = (text: string) =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);

const list = (text: string) => text.split(/[\s,]+/).filter(Boolean);

function labelsOf(text: string): Record<string, string> {
  return Object.fromEntries(
    lines(text).map((line) => {
      const [key = "", ...value] = line.split("=");
      return [key, value.join("=")];
    }),
  );
}

/** The request that the form means. What is empty is left to the API's defaults. */
export function requestOf(form: Form): CreateSandbox {
  const request: CreateSandbox = { image: form.image.trim() };
  if (form.name.trim()) request.name = form.name.trim();
  const cmd = words(form.command);
  if (cmd.length > 0) request.cmd = cmd;
  const ports = list(form.ports);
  if (ports.length > 0) request.ports = ports.map((port) => (/^\d+$/.test(port) ? `${port}/tcp` : port));
  const env = lines(form.env);
  if (env.length > 0) request.env = env;
  if (form.labels.trim()) request.labels = labelsOf(form.labels);
  const memory = form.memory.trim();
  const cpus = form.cpus.trim();
  if (memory || cpus) request.limits = { ...(memory && { memory }), ...(cpus && { cpus: Number(cpus) }) };
  if (form.network !== "open") request.network = form.network;
  if (form.engine) request.engine = form.engine;
  return request;
}
