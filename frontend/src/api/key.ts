/** The API key that a person entered: kept for this tab's session, and nowhere else. */
const NAME = "ctnr.key";

export function readKey(): string | null {
  try {
    return sessionStorage.getItem(NAME);
  } catch {
    return null;
  }
}

export function writeKey(key: string): void {
  sessionStorage.setItem(NAME, key);
}

/** The subprotocols of a WebSocket, which can't carry a header: docs/api.md has the second one. */
export function socketProtocols(): string[] {
  const key = readKey();
  if (!key) return ["ctnr.exec.v1"];
  const bytes = new TextEncoder().encode(key);
  const text = btoa(String.fromCharCode(...bytes));
  const safe = text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  return ["ctnr.exec.v1", `ctnr.key.${safe}`];
}
