import { queryOptions } from "@tanstack/react-query";

import { ApiError } from "@/api/error";
import { linesOf } from "@/api/lines";
import { api, data, request } from "@/api/request";
import type { ImageProgress } from "@/api/types";

export const imagesQuery = queryOptions({
  queryKey: ["images"],
  queryFn: async () => {
    const list = await data(api.GET("/v1/images"));
    return Array.isArray(list) ? list : list.images;
  },
});

type Frame =
  | { progress: ImageProgress }
  | { pulled: unknown }
  | { imported: unknown }
  | { error: { code: string; message: string } };

/** Pulls an image and tells how far it is; throws where it can't be had. */
export async function pull(
  image: string,
  engine: string,
  onProgress: (progress: ImageProgress) => void,
  signal: AbortSignal,
): Promise<void> {
  const response = await request("/v1/images/pull", {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/x-ndjson" },
    body: JSON.stringify({ image, ...(engine && { engine }) }),
    signal,
  });
  if (!response.body) return;
  for await (const line of linesOf(response.body)) {
    const frame = JSON.parse(line) as Frame;
    if ("progress" in frame) onProgress(frame.progress);
    if ("error" in frame) throw new ApiError(response.status, frame.error.code, frame.error.message);
  }
}
