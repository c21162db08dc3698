// `npm run dev`: the panel as it is written, in front of any backend.
//
// The browser calls this server alone, and it hands the API's paths on to NEXT_PUBLIC_API_BASE. So
// the backend need not let pages of other loopback ports in, where programs in sandboxes serve
// theirs; this server refuses those as the backend does.

import { createServer } from "node:http";

import next from "next";

import { isApi, isOwnPage, passOn, passSocketOn } from "./proxy.mjs";

const base = new URL(process.env.NEXT_PUBLIC_API_BASE || "http://127.0.0.1:8080");
const port = Number(process.env.PORT || 3000);
const hostname = "127.0.0.1";

process.env.NEXT_TELEMETRY_DISABLED = "1";
const app = next({ dev: true, hostname, port });
await app.prepare();
const page = app.getRequestHandler();
const pageSocket = app.getUpgradeHandler();

const server = createServer((request, response) => {
  if (!isOwnPage(request.headers)) {
    response.writeHead(403, { "Content-Type": "application/json" });
    response.end(JSON.stringify({ code: "FORBIDDEN", message: "a page of another origin may not call this server" }));
  } else if (isApi(request.url)) {
    passOn(base, request, response);
  } else {
    void page(request, response);
  }
});
server.on("upgrade", (request, socket, head) => {
  if (!isOwnPage(request.headers)) socket.destroy();
  else if (isApi(request.url)) passSocketOn(base, request, socket, head);
  else void pageSocket(request, socket, head);
});
server.requestTimeout = 0;
server.listen(port, hostname, () => {
  console.log(`panel: http://localhost:${port} (backend: ${base.origin})`);
});
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(0));
