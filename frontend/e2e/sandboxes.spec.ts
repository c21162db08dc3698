import { expect, test } from "@playwright/test";

import { expectAccessible } from "./accessible";
import { API, create, remove } from "./sandbox";

test.skip(process.env.CTNR_E2E_KIND !== "real", "wants a real backend, which the last line of the run tells of");

test("a sandbox is created, looked at, typed into and deleted", async ({ page }) => {
  await page.goto("/create");
  await page.getByLabel("Image", { exact: true }).fill("busybox:latest");
  await page.getByLabel("Name", { exact: true }).fill("walk");
  await page.getByLabel("Command", { exact: true }).fill("sh -c 'echo from the program; sleep 1000'");
  await expect(page.getByLabel("Command line")).toContainText("ctnr sandbox create");
  await page.getByRole("button", { name: "Create sandbox" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("walk");
  await expect(page.getByRole("heading", { level: 1 })).toContainText("running");
  await expectAccessible(page);

  await page.getByRole("tab", { name: "Logs" }).click();
  await expect(page.getByRole("log")).toContainText("from the program");
  await expectAccessible(page);

  await page.getByRole("tab", { name: "Terminal" }).click();
  const terminal = page.getByTestId("terminal");
  await expect(terminal).toContainText("# ");
  await page.keyboard.type("echo $((6*7))-typed > /tmp/made.txt; cat /tmp/made.txt\n");
  await expect(terminal).toContainText("42-typed");

  await page.getByRole("tab", { name: "Files" }).click();
  await page.getByRole("button", { name: "tmp", exact: true }).click();
  await page.getByRole("button", { name: "made.txt", exact: true }).click();
  await page.getByLabel("Content").fill("edited");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("dialog")).toBeHidden();
  await page.locator("input[type=file]").setInputFiles({ name: "up.txt", mimeType: "text/plain", buffer: Buffer.from("uploaded") });
  await expect(page.getByRole("button", { name: "up.txt", exact: true })).toBeVisible();
  await expectAccessible(page);
  const read = await fetch(`${API}/v1/sandboxes/walk/files?path=/tmp/made.txt`);
  expect(await read.text()).toBe("edited");

  await page.getByRole("tab", { name: "Inspect" }).click();
  await expect(page.getByLabel("Inspect").last()).toContainText('"Name": "/walk"');
  await page.getByRole("button", { name: "Delete" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText("walk");
  await dialog.getByRole("button", { name: "Delete" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Sandboxes" })).toBeVisible();
});

test("what is changed elsewhere is on the screen, in both tabs, without a reload", async ({ page, context }) => {
  const other = await context.newPage();
  for (const tab of [page, other]) {
    await tab.goto("/");
    await expect(tab.getByRole("heading", { level: 1, name: "Sandboxes" })).toBeVisible();
  }
  const id = await create({ name: "elsewhere", labels: { team: "red" }, cmd: ["sleep", "1000"] });
  for (const tab of [page, other]) await expect(tab.getByRole("link", { name: "elsewhere" })).toBeVisible();
  await page.getByRole("searchbox", { name: "Search" }).fill("team=blue");
  await expect(page.getByRole("link", { name: "elsewhere" })).toBeHidden();
  await page.getByRole("searchbox", { name: "Search" }).fill("team=red");
  await expect(page.getByRole("row").filter({ hasText: "elsewhere" })).toContainText("running");
  await remove(id);
  await expect(other.getByRole("link", { name: "elsewhere" })).toBeHidden();
});

test("a browser that believes to be without a network shows what this host does", async ({ page }) => {
  await page.goto("/");
  await expect(page.getByRole("heading", { level: 1, name: "Sandboxes" })).toBeVisible();
  await page.evaluate(() => window.dispatchEvent(new Event("offline")));
  const id = await create({ name: "unplugged", cmd: ["sleep", "1000"] });
  await expect(page.getByRole("link", { name: "unplugged" })).toBeVisible();
  await remove(id);
  await expect(page.getByRole("link", { name: "unplugged" })).toBeHidden();
});

test("several are marked and deleted at once, by their names", async ({ page }) => {
  await Promise.all(["bulk-one", "bulk-two"].map((name) => create({ name, labels: { bulk: "1" }, cmd: ["sleep", "1000"] })));
  await page.goto("/");
  await page.getByRole("searchbox", { name: "Search" }).fill("bulk=1");
  await page.getByRole("checkbox", { name: "Mark all" }).check();
  await page.getByRole("button", { name: "Delete" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText("bulk-one");
  await expect(dialog).toContainText("bulk-two");
  await dialog.getByRole("button", { name: "Delete 2" }).click();
  await expect(page.getByRole("link", { name: /bulk-/ })).toHaveCount(0);
});

test("hostile labels and logs are text, and nothing else", async ({ page }) => {
  page.on("dialog", () => {
    throw new Error("a script ran");
  });
  const script = "printf '<script>alert(1)</script> \\033[31mred\\033[0m \\342\\200\\256evil\\n'; head -c 1000000 /dev/zero | tr '\\0' x; echo; echo after; sleep 1000";
  const id = await create({ name: "hostile", labels: { "\u202egpj": "<img src=x onerror=alert(1)>" }, cmd: ["sh", "-c", script] });
  await page.goto("/");
  await expect(page.getByRole("row").filter({ hasText: "hostile" })).toContainText("\\u202egpj=<img");
  await page.goto(`/sandbox?id=${id}&tab=logs`);
  const log = page.getByRole("log");
  await expect(log).toContainText("after");
  await page.getByRole("searchbox", { name: "Search in the log" }).fill("<script>");
  await expect(log).toContainText("<script>alert(1)</script> red \\u202eevil");
  await remove(id);
});
