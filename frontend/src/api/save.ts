import { readKey } from "./key";
import { request } from "./request";

/** Saves what is at an address as a file; the browser streams it itself where no key has to be sent. */
export async function save(path: string, name: string): Promise<void> {
  const link = document.createElement("a");
  link.download = name;
  if (!readKey()) {
    link.href = path;
    link.click();
    return;
  }
  const blob = await (await request(path)).blob();
  link.href = URL.createObjectURL(blob);
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
