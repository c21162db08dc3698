import { queryOptions } from "@tanstack/react-query";

import { api, data } from "@/api/request";

export const runtimesQuery = queryOptions({
  queryKey: ["runtimes"],
  queryFn: async () => (await data(api.GET("/api/runtimes"))).runtimes,
});

export const actions = {
  build: () => data(api.POST("/api/runtimes", { body: {} })),
  remove: (id: string) => api.DELETE("/api/runtimes/{id}", { params: { path: { id } } }),
};
