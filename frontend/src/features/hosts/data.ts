import { queryOptions } from "@tanstack/react-query";

import { api, data } from "@/api/request";

export const hostQuery = queryOptions({ queryKey: ["host"], queryFn: () => data(api.GET("/api/host")) });

export const infoQuery = queryOptions({ queryKey: ["info"], queryFn: () => data(api.GET("/v1/info")) });
