import { queryOptions } from "@tanstack/react-query";

import { request } from "@/api/request";
import type { FileInfo } from "@/api/types";

const at = (path: string) => encodeURIComponent(path);

/** Folders first, then by name. */
function order(left: FileInfo, right: FileInfo): number {
  const folder = (file: FileInfo) => (file.kind === "directory" ? 0 : 1);
  return folder(left) - folder(right) || left.name.localeCompare(right.name);
}

export const folderQuery = (base: string, path: string) =>
  queryOptions({
    queryKey: ["files", base, path],
    queryFn: async () => {
      const response = await request(`${base}/files/list?path=${at(path)}`);
      const { files } = (await response.json()) as { files: FileInfo[] };
      return files.sort(order);
    },
  });

export const contentPath = (base: string, path: string) => `${base}/files?path=${at(path)}`;
export const archivePath = (base: string, path: string) => `${base}/files/archive?path=${at(path)}`;

export async function readText(base: string, path: string): Promise<string> {
  return (await request(contentPath(base, path))).text();
}

export const write = (base: string, path: string, content: Blob | string) =>
  request(contentPath(base, path), { method: "PUT", body: content });

export const remove = (base: string, path: string) =>
  request(`${contentPath(base, path)}&recursive=true`, { method: "DELETE" });

const post = (address: string, body: unknown) =>
  request(address, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

export const makeFolder = (base: string, path: string) => post(`${base}/files/mkdir`, { path });
export const move = (base: string, from: string, to: string) => post(`${base}/files/move`, { from, to });
