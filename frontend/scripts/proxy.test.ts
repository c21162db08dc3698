import { expect, test } from "vitest";

import { isApi, isOwnPage } from "./proxy.mjs";

test("the API's paths are handed on, and pages are not", () => {
  for (const url of ["/v1/info", "/api/containers?x=1", "/healthz", "/openapi.json"]) expect(isApi(url), url).toBe(true);
  for (const url of ["/", "/v1x", "/jobs", "/_next/v1"]) expect(isApi(url), url).toBe(false);
});

test("pages of other origins are refused, those on other ports of this host too", () => {
  const host = "localhost:3000";
  expect(isOwnPage({ host })).toBe(true);
  expect(isOwnPage({ host, origin: "http://localhost:3000" })).toBe(true);
  expect(isOwnPage({ host, "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" })).toBe(true);
  expect(isOwnPage({ host, origin: "http://localhost:41291" })).toBe(false);
  expect(isOwnPage({ host, "sec-fetch-site": "same-site", "sec-fetch-mode": "no-cors" })).toBe(false);
  expect(isOwnPage({ host: "evil.example:3000" })).toBe(false);
  expect(isOwnPage({ host, origin: "null" })).toBe(false);
});
