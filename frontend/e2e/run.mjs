// `npm run test:e2e`: starts the panel itself, and drives it in Chromium against the real backend where one can be
// had, else against mocks. The last line says which of the two it was.
//
// CTNR_E2E_BACKEND is the program to start; without it, the one that cargo built. CTNR_E2E_ARCHIVE is an archive of
// busybox:latest. With CTNR_E2E_REAL=1 nothing but the real backend will do.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { startBackend } from "./backend.mjs";
import { startMock } from "./mock.mjs";

const folder = fileURLToPath(new URL("..", import.meta.url));
const port = Number(process.env.CTNR_E2E_PORT ?? 21650);

async function chooseBackend() {
  const program = process.env.CTNR_E2E_BACKEND ?? fileURLToPath(new URL("../../target/debug/backend", import.meta.url));
  try {
    if (!existsSync(program)) throw new Error(`${program} is not there; \`cargo build -p backend\` makes it`);
    return { ...(await startBackend(program, port + 1)), isReal: true };
  } catch (error) {
    if (process.env.CTNR_E2E_REAL === "1") throw error;
    console.error(`no real backend: ${error.message}`);
    return { ...(await startMock(port + 1)), isReal: false };
  }
}

const run = (program, args, env) =>
  spawn(program, args, { cwd: folder, env: { ...process.env, ...env }, stdio: ["ignore", "inherit", "inherit"] });

async function answers(url) {
  for (let tries = 0; tries < 600; tries += 1) {
    if (await fetch(url).then(({ ok }) => ok, () => false)) return;
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error(`${url} does not answer`);
}

const backend = await chooseBackend();
const panel = `http://127.0.0.1:${port}`;
// The backend may hold the panel of an earlier build, so that the sources are what is tested.
const next = run(process.execPath, ["scripts/dev.mjs"], { PORT: String(port), NEXT_PUBLIC_API_BASE: backend.url });
let code = 1;
try {
  await answers(`${panel}/hosts`);
  const tests = run(process.execPath, ["node_modules/@playwright/test/cli.js", "test", ...process.argv.slice(2)], {
    CTNR_E2E_PANEL: panel,
    CTNR_E2E_API: backend.url,
    CTNR_E2E_KIND: backend.isReal ? "real" : "mock",
  });
  code = await new Promise((done) => tests.on("exit", done));
} finally {
  next.kill("SIGTERM");
  await backend.stop();
}
console.log(
  backend.isReal
    ? `REAL BACKEND: the panel was driven against ${backend.url}, native engine`
    : "MOCKS ONLY: NO REAL BACKEND WAS TESTED",
);
process.exit(code ?? 1);
