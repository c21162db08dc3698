import { expect, test } from "vitest";

import type { Sandbox } from "@/api/types";

import { forAll } from "./data";
import { matches } from "./filter";
import { distinct } from "./port-links";

const sandbox = { Id: "11b624a7", Names: ["/web"], Image: "busybox:latest", State: "running", Labels: { team: "red", x: "" } } as unknown as Sandbox;
const found = (text: string, state = "") => matches(sandbox, { text, state });

test("words are looked for, and labels are asked for", () => {
  for (const text of ["", "WEB", "busy web", "team=red", "label:x", "label:team=red", "11b6"]) expect(found(text), text).toBe(true);
  for (const text of ["nginx", "team=blue", "label:y", "web nginx", "team="]) expect(found(text), text).toBe(false);
  expect(found("", "exited")).toBe(false);
});

test("a port that answers on two addresses is shown once", () => {
  const port = { PrivatePort: 80, PublicPort: 8081, Type: "tcp" };
  expect(distinct([{ ...port, IP: "127.0.0.1" }, { ...port, IP: "::1" }])).toHaveLength(1);
});

test("a failure does not keep the rest from being tried", async () => {
  const tried: string[] = [];
  const act = async (id: string) => {
    tried.push(id);
    if (id === "b") throw new Error("no");
  };
  await expect(forAll(["a", "b", "c"], act)).rejects.toThrow("no");
  expect(tried).toEqual(["a", "b", "c"]);
});
