import { queryOptions } from "@tanstack/react-query";

import { api, data } from "@/api/request";

export const sandboxQuery = (id: string) =>
  queryOptions({
    queryKey: ["sandbox", id],
    queryFn: () => data(api.GET("/v1/sandboxes/{id}", { params: { path: { id } } })),
  });
