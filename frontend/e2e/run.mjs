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
import { freePort } from "./port.mjs";

const folder = fileURLToPath(new URL("..", import.meta.url));
const started = [];

async function chooseBackend() {
  const program = process.env.CTNR_E2E_BACKEND ?? fileURLToPath(new URL("../../target/debug/backend", import.meta.url));
  try {
    if (!existsSync(program)) throw new Error(`${program} is not there; \`cargo build -p backend\` makes it`);
    return { ...(await startBackend(program)), isReal: true };
  } catch (error) {
    if (process.env.CTNR_E2E_REAL === "1") throw error;
    console.error(`no real backend: ${error.message}`);
    return { ...(await startMock()), isReal: false };
  }
}

/** A program of this run, with a promise of its exit code. */
function start(args, env) {
  const child = spawn(process.execPath, args, { cwd: folder, env: { ...process.env, ...env }, stdio: ["ignore", "inherit", "inherit"] });
  started.push(child);
  const ended = new Promise((done) => child.on("exit", (code) => done(code ?? 1)));
  return { child, ended };
}

async function answers(url, hasEnded) {
  for (let tries = 0; tries < 1200; tries += 1) {
    if (hasEnded()) throw new Error("the panel ended at its start");
    if (await fetch(url).then(({ ok }) => ok, () => false)) return;
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error(`${url} does not answer`);
}

async function drive(backend) {
  const port = await freePort();
  const panel = `http://127.0.0.1:${port}`;
  // The backend may hold the panel of an earlier build, so that the sources are what is tested.
  const next = start(["scripts/dev.mjs"], { PORT: String(port), NEXT_PUBLIC_API_BASE: backend.url });
  let hasEnded = false;
  void next.ended.then(() => (hasEnded = true));
  try {
    await answers(`${panel}/hosts`, () => hasEnded);
    const tests = start(["node_modules/@playwright/test/cli.js", "test", ...process.argv.slice(2)], {
      CTNR_E2E_PANEL: panel,
      CTNR_E2E_API: backend.url,
      CTNR_E2E_KIND: backend.isReal ? "real" : "mock",
    });
    return await tests.ended;
  } finally {
    next.child.kill("SIGTERM");
    await next.ended;
  }
}

// The end of the tests leads to the end of all else. A terminal's Ctrl-C reaches them by itself.
process.on("SIGINT", () => undefined);
for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => started.forEach((child) => child.kill(signal)));

const backend = await chooseBackend();
let code = 1;
try {
  code = await drive(backend);
} finally {
  await backend.stop();
}
console.log(
  backend.isReal
    ? `REAL BACKEND: the panel was driven against ${backend.url}, native engine`
    : "MOCKS ONLY: NO REAL BACKEND WAS TESTED",
);
process.exit(code);
