import { queryOptions } from "@tanstack/react-query";

import { api, data } from "@/api/request";

export const jobsQuery = queryOptions({
  queryKey: ["jobs"],
  queryFn: async () => (await data(api.GET("/api/jobs", { params: { query: { limit: 200 } } }))).jobs,
});

const at = (id: string) => ({ params: { path: { id } } });

export const actions = {
  retry: (id: string) => api.POST("/api/jobs/{id}/retry", at(id)),
  cancel: (id: string) => api.DELETE("/api/jobs/{id}", at(id)),
};

/** The share that is done, and what is being done, where the job tells. */
export function progressOf(progress: unknown): { text: string; share: number | null } {
  if (typeof progress !== "object" || progress === null) return { text: "", share: null };
  const given = progress as Record<string, unknown>;
  const text = [given.phase, given.step, given.subject, given.message].filter((part) => typeof part === "string").join(" ");
  const share = typeof given.done === "number" && typeof given.total === "number" && given.total > 0 ? given.done / given.total : null;
  return { text, share };
}
