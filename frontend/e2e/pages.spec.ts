import { expect, test } from "@playwright/test";

import { expectAccessible } from "./accessible";

const PAGES = ["/", "/create", "/containers", "/images", "/runtimes", "/jobs", "/events", "/hosts", "/settings"];
const LOOKS = [
  { theme: "light", locale: "en-US", width: 1280 },
  { theme: "dark", locale: "es-ES", width: 360 },
] as const;

for (const { theme, locale, width } of LOOKS) {
  test.describe(`${theme}, ${locale}, ${width} px`, () => {
    test.use({ colorScheme: theme, locale, viewport: { width, height: 800 } });
    for (const path of PAGES) {
      test(`${path} is for everyone, fits, and asks no other host`, async ({ page, baseURL }) => {
        const foreign: string[] = [];
        const own = new URL(baseURL ?? "").host;
        page.on("request", (request) => {
          const { host, protocol } = new URL(request.url());
          if (protocol.startsWith("http") && host !== own) foreign.push(request.url());
        });
        await page.goto(path);
        await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
        await expect(page.locator("html")).toHaveAttribute("lang", locale.slice(0, 2));
        await expect(page.locator("html")).toHaveAttribute("data-theme", theme);
        await expectAccessible(page);
        expect(foreign).toEqual([]);
      });
    }
  });
}

test("the palette leads everywhere by keyboard alone", async ({ page }) => {
  await page.goto("/");
  await expect(page.getByRole("heading", { level: 1, name: "Sandboxes" })).toBeVisible();
  await page.keyboard.press("Control+k");
  await page.getByPlaceholder("Go to, create, change…").fill("jobs");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: "Jobs" })).toBeVisible();
});
