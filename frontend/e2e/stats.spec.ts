import { expect, test } from "@playwright/test";

import { expectAccessible } from "./accessible";
import { API, create, remove } from "./sandbox";

test.skip(process.env.CTNR_E2E_KIND !== "real", "wants a real backend, which the last line of the run tells of");

for (const { theme, locale, width, processes, memory } of [
  { theme: "light", locale: "en-US", width: 1280, processes: "Processes", memory: "Memory" },
  { theme: "dark", locale: "es-ES", width: 360, processes: "Procesos", memory: "Memoria" },
] as const) {
  test.describe(`${theme}, ${locale}, ${width} px`, () => {
    test.use({ colorScheme: theme, locale, viewport: { width, height: 800 } });
    test("what a sandbox uses is charted as it changes, for as long as it runs", async ({ page }) => {
      const id = await create({ cmd: ["sleep", "1000"], limits: { memory: "64m" } });
      await page.goto(`/sandbox?id=${id}&tab=stats`);
      const chart = (name: string) => page.getByRole("figure").filter({ hasText: name });
      await expect(page.getByRole("img", { name: `${processes}: ${processes} 1` })).toBeVisible();
      await expect(chart(memory)).toContainText("64 MiB");
      const exec = { cmd: ["sleep", "1000"], detach: true };
      await fetch(`${API}/v1/sandboxes/${id}/exec`, { method: "POST", body: JSON.stringify(exec) });
      await expect(page.getByRole("img", { name: `${processes}: ${processes} 2` })).toBeVisible();
      await expect(chart(processes).locator("path")).toHaveAttribute("d", /M.*L/);
      await expectAccessible(page);
      await fetch(`${API}/v1/sandboxes/${id}/stop`, { method: "POST", body: JSON.stringify({ timeout: 0 }) });
      await expect(page.getByRole("figure")).toHaveCount(5);
      await expect(page.getByRole("tabpanel").getByText(locale === "en-US" ? "It does not run" : "No está en marcha")).toBeVisible();
      await remove(id);
    });
  });
}
