/** How the backend is, for the banner and the dialog that asks for a key. */
export type Status = "ok" | "gone" | "locked";

let status: Status = "ok";
const listeners = new Set<() => void>();

function become(next: Status): void {
  if (status === next) return;
  status = next;
  for (const listener of listeners) listener();
}

export const noteAnswer = () => become("ok");
export const noteSilence = () => become("gone");
export const noteMissingKey = () => become("locked");

export function subscribeStatus(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const readStatus = (): Status => status;
export const serverStatus = (): Status => "ok";
