import { expect, test } from "vitest";

import { scriptsOf } from "./scripts.mjs";

test("each script that a page loads is counted once", () => {
  const page = `<script src="/theme.js"></script><script src="/_next/a.js?v=1" async=""></script>
    <script src="/_next/a.js" async=""></script><script src="/_next/old.js" noModule=""></script><script>inline()</script>`;
  expect(scriptsOf(page)).toEqual(["theme.js", "_next/a.js"]);
});
