import { expect, test } from "vitest";

import { cut, plain, visible } from "./harmless";

test("what deceives a reader is made visible", () => {
  expect(visible("a\u202egpj.exe")).toBe("a\\u202egpj.exe");
  expect(visible("a\u200bb\u0000")).toBe("a\\u200bb\\u0000");
  expect(visible("<script>ñ 日本\t\n")).toBe("<script>ñ 日本\t\n");
});

test("colours of terminals go and other controls are seen", () => {
  expect(plain("\u001b[1;31mred\u001b[0m\r")).toBe("red");
  expect(plain("\u001b]0;title\u0007x\u001b]8;;http://a\u001b\\y")).toBe("xy");
  expect(plain("\u001b[2J\u0008")).toBe("\\u0008");
});

test("long lines are cut, and say by how much", () => {
  expect(cut("abcdef", 4)).toBe("abcd… (+2)");
  expect(cut("abcd", 4)).toBe("abcd");
});
