import { ApiError, Unreachable } from "@/api/error";
import { readKey } from "@/api/key";

/** Uploads an archive as a layer and tells how far it is, which `fetch` can't. Answers its id. */
export function uploadLayer(archive: File, at: string, onSent: (share: number) => void): Promise<string> {
  return new Promise((done, fail) => {
    const request = new XMLHttpRequest();
    request.open("POST", `/api/layers${at ? `?at=${encodeURIComponent(at)}` : ""}`);
    const key = readKey();
    if (key) request.setRequestHeader("X-API-Key", key);
    request.upload.onprogress = ({ loaded, total }) => onSent(total ? loaded / total : 0);
    request.onerror = () => fail(new Unreachable());
    request.onload = () => {
      const body = JSON.parse(request.responseText || "{}") as { id?: string; code?: string; message?: string };
      if (body.id) done(body.id);
      else fail(new ApiError(request.status, body.code ?? "UNKNOWN", body.message ?? request.statusText));
    };
    request.send(archive);
  });
}
