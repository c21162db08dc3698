import { queryOptions } from "@tanstack/react-query";

import { api, data } from "@/api/request";
import type { Sandbox } from "@/api/types";

/** All sandboxes, page by page. */
async function readAll(): Promise<Sandbox[]> {
  const all: Sandbox[] = [];
  let cursor: string | undefined;
  do {
    const page = await data(api.GET("/v1/sandboxes", { params: { query: { all: true, cursor } } }));
    all.push(...page.sandboxes);
    cursor = page.next ?? undefined;
  } while (cursor);
  return all;
}

export const sandboxesQuery = queryOptions({ queryKey: ["sandboxes"], queryFn: readAll });

/** Its name as people write it: Docker's lists have a slash before it. */
export function nameOf(sandbox: Sandbox): string {
  return (sandbox.Names[0] ?? sandbox.Id).replace(/^\//, "");
}

const path = (id: string) => ({ params: { path: { id } } });

export const actions = {
  stop: (id: string) => api.POST("/v1/sandboxes/{id}/stop", path(id)),
  restart: (id: string) => api.POST("/v1/sandboxes/{id}/restart", path(id)),
  remove: (id: string) => api.DELETE("/v1/sandboxes/{id}", path(id)),
};

export type Action = keyof typeof actions;

/** How many of a bulk action are under way at once. */
const AT_ONCE = 6;

/** Does the same to many; throws the first failure after all have been tried. */
export async function forAll(ids: readonly string[], act: (id: string) => Promise<unknown>): Promise<void> {
  const waiting = [...ids];
  const errors: unknown[] = [];
  const work = async () => {
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
      await act(id).catch((error: unknown) => errors.push(error));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  if (errors.length > 0) throw errors[0];
}
