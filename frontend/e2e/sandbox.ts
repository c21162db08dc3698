/** The backend of the run. */
export const API = process.env.CTNR_E2E_API ?? "";

/** Makes a sandbox as another client would, and answers its id. */
export async function create(body: object): Promise<string> {
  const answer = await fetch(`${API}/v1/sandboxes`, { method: "POST", body: JSON.stringify({ image: "busybox:latest", ...body }) });
  if (!answer.ok) throw new Error(`the backend made no sandbox: ${await answer.text()}`);
  const { id } = (await answer.json()) as { id: string };
  return id;
}

export async function remove(id: string): Promise<void> {
  const answer = await fetch(`${API}/v1/sandboxes/${id}`, { method: "DELETE" });
  if (!answer.ok) throw new Error(`the backend did not delete ${id}: ${await answer.text()}`);
}
