import { expect, test } from "@playwright/test";

import { expectAccessible } from "./accessible";
import { API } from "./sandbox";

test.skip(process.env.CTNR_E2E_KIND !== "real", "wants a real backend, which the last line of the run tells of");

for (const { theme, locale, width, ready, seen } of [
  { theme: "light", locale: "en-US", width: 1280, ready: "ready", seen: "last seen" },
  { theme: "dark", locale: "es-ES", width: 360, ready: "listo", seen: "visto por última vez" },
] as const) {
  test.describe(`${theme}, ${locale}, ${width} px`, () => {
    test.use({ colorScheme: theme, locale, viewport: { width, height: 800 } });
    test("all hosts are shown, with what enrolled agents say of theirs, harmlessly", async ({ page }) => {
      const report = { name: "build-<b>1</b>", version: "0.1.0", system: "windows", architecture: "x86_64", engines: [], realisers: [] };
      const path = `${API}/api/hosts/${"ab".repeat(16)}/agent`;
      const enrolled = await fetch(path, { method: "PUT", headers: { "Content-Type": "application/json" }, body: JSON.stringify(report) });
      expect(enrolled.ok, await enrolled.text()).toBe(true);
      await page.goto("/hosts");
      const host = page.getByRole("listitem").filter({ hasText: "build-<b>1</b>" });
      await expect(host).toContainText(ready);
      await expect(host).toContainText("windows x86_64, 0.1.0");
      await expect(host).toContainText(seen);
      const own = (await (await fetch(`${API}/api/host`)).json()) as { id: string };
      await expect(page.getByRole("listitem").filter({ hasText: own.id })).toContainText(ready);
      await expectAccessible(page);
      await fetch(path, { method: "DELETE" });
    });
  });
}
