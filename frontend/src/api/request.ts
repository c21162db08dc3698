import createClient from "openapi-fetch";

import { errorOf, Unreachable } from "./error";
import { readKey } from "./key";
import type { paths } from "./schema";
import { noteAnswer, noteMissingKey, noteSilence } from "./status";

/** `fetch` with the key, which throws what is no success and tells the banner how the backend is. */
export async function request(input: string | Request, init?: RequestInit): Promise<Response> {
  const headers = new Headers(input instanceof Request ? input.headers : init?.headers);
  const key = readKey();
  if (key) headers.set("X-API-Key", key);
  let response: Response;
  try {
    response = await fetch(input, { ...init, headers });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    noteSilence();
    throw new Unreachable();
  }
  if (response.status === 401) noteMissingKey();
  if (!response.ok) throw await errorOf(response);
  noteAnswer();
  return response;
}

const client = createClient<paths>({ fetch: (input) => request(input) });

/** The typed client: each call answers its data, or throws. */
export const api = client;

/** The data of an answer, which is there since what is no success has thrown. */
export async function data<T>(answer: Promise<{ data?: T }>): Promise<T> {
  return (await answer).data as T;
}
