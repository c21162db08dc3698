import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { expect, test, type Page } from "@playwright/test";

import { create, remove } from "./sandbox";

// CTNR_E2E_SCREENSHOTS names the folder that pictures of all pages are put into; docs/screenshots is made so.
const folder = process.env.CTNR_E2E_SCREENSHOTS ?? "";
if (folder) {
  const LOOKS = [
    { theme: "light", locale: "en-US" },
    { theme: "dark", locale: "es-ES" },
  ] as const;
  const WIDTHS = (process.env.CTNR_E2E_WIDTHS ?? "1280").split(",").map(Number);
  const PAGES = {
    sandboxes: "/",
    create: "/create",
    containers: "/containers",
    images: "/images",
    runtimes: "/runtimes",
    jobs: "/jobs",
    events: "/events",
    hosts: "/hosts",
    settings: "/settings",
  };
  const TABS = { sandbox: "overview", logs: "logs", stats: "stats", terminal: "terminal", files: "files", inspect: "inspect" };

  const shoot = async (page: Page, name: string) => {
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await page.waitForLoadState("networkidle", { timeout: 2000 }).catch(() => undefined);
    await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true, animations: "disabled" });
  };

  test.describe("pictures", () => {
    let ids: string[] = [];
    test.beforeAll(async () => {
      mkdirSync(folder, { recursive: true });
      const serve = "i=0; while true; do i=$((i+1)); echo request $i: 200 OK; sleep 1; done";
      ids = [
        await create({ name: "web", cmd: ["sh", "-c", serve], labels: { team: "red" }, env: { MODE: "production" }, ports: ["8000"] }),
        await create({ name: "worker", cmd: ["sleep", "100000"], labels: { team: "blue" } }),
        await create({ name: "migration-of-the-orders-database-2026-11", cmd: ["true"], labels: { team: "red", "a-long-label-name": "and-a-long-value-beside-it" } }),
      ];
    });
    test.afterAll(async () => {
      for (const id of ids) await remove(id);
    });
    for (const { theme, locale } of LOOKS) {
      for (const width of WIDTHS) {
        test.describe(`${theme}, ${locale}, ${width} px`, () => {
          test.use({ colorScheme: theme, locale, viewport: { width, height: 800 } });
          const look = `${theme}-${locale.slice(0, 2)}-${width}`;
          for (const [name, path] of Object.entries(PAGES)) {
            test(name, async ({ page }) => {
              await page.goto(path);
              await shoot(page, `${name}-${look}`);
            });
          }
          for (const [name, tab] of Object.entries(TABS)) {
            test(`${name} of a sandbox`, async ({ page }) => {
              await page.goto(`/sandbox?id=${ids[0]}&tab=${tab}`);
              await expect(page.getByRole("tabpanel").last()).toBeVisible();
              if (tab === "terminal") await expect(page.getByTestId("terminal")).toContainText("# ");
              await shoot(page, `${name}-${look}`);
            });
          }
        });
      }
    }
  });
}
