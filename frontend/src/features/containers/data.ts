import { queryOptions } from "@tanstack/react-query";

import { api, data } from "@/api/request";
import type { Container } from "@/api/types";

/** All Win32 containers, page by page. */
async function readAll(): Promise<Container[]> {
  const all: Container[] = [];
  let cursor: string | undefined;
  do {
    const page = await data(api.GET("/api/containers", { params: { query: { cursor } } }));
    all.push(...page.containers);
    cursor = page.next ?? undefined;
  } while (cursor);
  return all;
}

export const containersQuery = queryOptions({ queryKey: ["containers"], queryFn: readAll });

export const containerQuery = (id: string) =>
  queryOptions({
    queryKey: ["container", id],
    queryFn: () => data(api.GET("/api/containers/{id}", { params: { path: { id } } })),
  });

export const snapshotsQuery = (id: string) =>
  queryOptions({
    queryKey: ["snapshots", id],
    queryFn: async () => (await data(api.GET("/api/containers/{id}/snapshots", { params: { path: { id } } }))).snapshots,
  });

const at = (id: string) => ({ params: { path: { id } } });

export const actions = {
  start: (id: string) => api.POST("/api/containers/{id}/start", at(id)),
  stop: (id: string) => api.POST("/api/containers/{id}/stop", at(id)),
  reset: (id: string) => api.POST("/api/containers/{id}/reset", at(id)),
  remove: (id: string) => api.DELETE("/api/containers/{id}", at(id)),
  clone: (id: string, name: string) => data(api.POST("/api/containers/{id}/clone", { ...at(id), body: name ? { name } : {} })),
  snapshot: (id: string, name: string) => api.POST("/api/containers/{id}/snapshots", { ...at(id), body: name ? { name } : {} }),
  rollback: (id: string, snapshot: string) => api.POST("/api/containers/{id}/rollback", { ...at(id), body: { snapshot } }),
  removeSnapshot: (id: string, name: string) => api.DELETE("/api/containers/{id}/snapshots/{name}", { params: { path: { id, name } } }),
};
