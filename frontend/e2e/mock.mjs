// Stands in for the backend where none can be had: lists that are empty, or as `docs/api.md` shows them.

import { createServer } from "node:http";

const SANDBOX = {
  Id: "11b624a771ba".padEnd(64, "0"),
  Names: ["/web"],
  Image: "busybox:latest",
  Command: "sleep infinity",
  Created: 1795291393,
  Ports: [{ IP: "127.0.0.1", PrivatePort: 8000, PublicPort: 41291, Type: "tcp" }],
  Labels: { team: "red" },
  State: "running",
  Status: "Up 10 seconds",
  Engine: "native",
};
const ENGINES = [{ name: "native", available: true, default: true, capabilities: ["limits"], reason: null }];

const ANSWERS = {
  "/v1/sandboxes": { sandboxes: [SANDBOX], next: null },
  "/v1/images": { images: [{ Id: "sha256:df9e", RepoTags: ["busybox:latest"], Size: 2_000_000, Created: 1795291393, Labels: {} }] },
  "/v1/info": { name: "ctnr", version: "0.0.0", api: "v1", engines: ENGINES },
  "/api/containers": { containers: [], next: null },
  "/api/jobs": { jobs: [], next: null },
  "/api/runtimes": { runtimes: [] },
  "/api/hosts": { hosts: [] },
  "/api/host": { id: "0", system: "linux", architecture: "x86_64", realisers: [], runtimes: [], engines: ENGINES, host_folders: [] },
};

export async function startMock() {
  const server = createServer((request, response) => {
    const path = request.url.split("?")[0];
    if (path === "/v1/events") {
      response.writeHead(200, { "Content-Type": "text/event-stream" });
      response.write("id: 0\n\n");
      return;
    }
    const answer = ANSWERS[path];
    response.writeHead(answer ? 200 : 404, { "Content-Type": "application/json" });
    response.end(JSON.stringify(answer ?? { code: "NOT_FOUND", message: "the mock has no such thing" }));
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address();
  const stop = async () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${port}`, stop };
}
