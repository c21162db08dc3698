// A real backend of this run alone, with busybox:latest in its store, and without Docker.

import { spawn } from "node:child_process";
import { createReadStream, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { freePort } from "./port.mjs";

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

export async function startBackend(program) {
  const port = await freePort();
  // A short name, since sockets lie below it.
  const data = mkdtempSync(join(tmpdir(), "ctnr-"));
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(program, [], {
    env: {
      ...process.env,
      CONTAINERS_DATA_DIR: data,
      CONTAINERS_HTTP_ADDR: `127.0.0.1:${port}`,
      CONTAINERS_GRPC_ADDR: "off",
      CONTAINERS_ENGINE: "native",
      CONTAINERS_LOG: "warn",
      DATABASE_URL: `sqlite://${data}/ctnr.db`,
      REDIS_URL: "",
      CONTAINERS_API_KEY: "",
      CONTAINERS_RATE_LIMIT: "0",
      DOCKER_HOST: "unix:///nonexistent",
    },
    // Ctrl-C ends the tests first; what they made is removed while the backend still runs.
    detached: true,
    stdio: ["ignore", "inherit", "inherit"],
  });
  let exited = false;
  child.on("exit", () => (exited = true));
  const stop = async () => {
    await removeAll(url).catch(() => undefined);
    child.kill("SIGTERM");
    // It gives what is under way 15 s.
    for (let waited = 0; !exited && waited < 30_000; waited += 20) await pause(20);
    if (!exited) child.kill("SIGKILL");
    while (!exited) await pause(20);
    rmSync(data, { recursive: true, force: true });
  };
  try {
    await untilItAnswers(url, () => exited);
    await giveImage(url);
    return { url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function untilItAnswers(url, hasExited) {
  for (let tries = 0; tries < 600; tries += 1) {
    if (hasExited()) throw new Error("the backend ended at its start");
    const health = await fetch(`${url}/v1/info`).catch(() => null);
    if (health?.ok) {
      const { engines } = await health.json();
      const native = engines.find(({ name }) => name === "native");
      if (!native?.available) throw new Error(`there is no native engine: ${native?.reason}`);
      return;
    }
    await pause(50);
  }
  throw new Error("the backend does not answer");
}

async function giveImage(url) {
  const archive = process.env.CTNR_E2E_ARCHIVE;
  if (!archive) throw new Error("CTNR_E2E_ARCHIVE names no archive; `cargo xtask image busybox --archive FILE` makes one");
  const answer = await fetch(`${url}/v1/images/import`, { method: "POST", body: createReadStream(archive), duplex: "half" });
  if (!answer.ok) throw new Error(`the image was refused: ${await answer.text()}`);
}

async function removeAll(url) {
  const { sandboxes } = await (await fetch(`${url}/v1/sandboxes?all=true`)).json();
  for (const { Id } of sandboxes) await fetch(`${url}/v1/sandboxes/${Id}`, { method: "DELETE" });
}
