// Fails where the first page has more scripts than people should wait for. Part of `npm run build`.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

import { scriptsOf } from "./scripts.mjs";

/** What the scripts of a page may take as they are sent, in bytes. */
const MOST = 250_000;

const out = fileURLToPath(new URL("../out/", import.meta.url));
const sizes = scriptsOf(readFileSync(`${out}index.html`, "utf8")).map((path) => ({
  path,
  size: gzipSync(readFileSync(out + path), { level: 9 }).length,
}));
const total = sizes.reduce((sum, { size }) => sum + size, 0);
const kilobytes = (count) => `${(count / 1000).toFixed(1)} kB`;
console.log(`scripts of the first page: ${kilobytes(total)} by gzip, ${kilobytes(MOST)} at most`);
if (sizes.length === 0 || total > MOST) {
  for (const { path, size } of sizes.sort((a, b) => b.size - a.size)) console.error(`  ${kilobytes(size)}  ${path}`);
  console.error(sizes.length === 0 ? "the first page names no script" : "load what the first page does not show with `dynamic` or `import()`");
  process.exit(1);
}
