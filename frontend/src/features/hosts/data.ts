import { queryOptions } from "@tanstack/react-query";

import { api, data } from "@/api/request";

export const hostQuery = queryOptions({ queryKey: ["host"], queryFn: () => data(api.GET("/api/host")) });

/** Those of the platform. No event tells of them, so they are read with each visit. */
export const hostsQuery = queryOptions({ queryKey: ["hosts"], queryFn: async () => (await data(api.GET("/api/hosts"))).hosts, staleTime: 0 });

export const infoQuery = queryOptions({ queryKey: ["info"], queryFn: () => data(api.GET("/v1/info")) });
