// Hands requests and WebSockets on to a backend.

import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";

const PATHS = /^\/(?:v1|api|docs|metrics|healthz|openapi\.json)(?:[/?]|$)/;

/** Whether the backend answers this, and not a page of the panel. */
export const isApi = (url) => PATHS.test(url);

const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|\[::1\])(?::\d+)?$/;

/**
 * Whether a page of this server calls, or no page at all; and by a name that means this host.
 * @param {import("node:http").IncomingHttpHeaders} headers
 */
export function isOwnPage({ host = "", origin, "sec-fetch-site": site, "sec-fetch-mode": mode }) {
  if (!LOOPBACK.test(host)) return false;
  if (origin !== undefined) return origin === `http://${host}`;
  return mode === "navigate" || site === undefined || site === "same-origin" || site === "none";
}

/** What the backend is asked: as by a program of this host. */
function options(base, { method, url, headers }) {
  const { origin, ...rest } = headers;
  for (const name of Object.keys(rest)) if (name.startsWith("sec-fetch-")) delete rest[name];
  return { protocol: base.protocol, hostname: base.hostname, port: base.port, method, path: url, headers: { ...rest, host: base.host } };
}

const ask = (base, request) => (base.protocol === "https:" ? httpsRequest : httpRequest)(options(base, request));

export function passOn(base, request, response) {
  const asked = ask(base, request);
  asked.on("response", (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    response.flushHeaders();
    answer.pipe(response);
    answer.on("error", () => response.destroy());
  });
  // As if the backend were called directly and did not answer.
  asked.on("error", () => response.destroy());
  response.on("close", () => asked.destroy());
  request.pipe(asked);
}

export function passSocketOn(base, request, socket, head) {
  const asked = ask(base, request);
  socket.on("error", () => asked.destroy());
  asked.on("upgrade", (answer, backend, first) => {
    const lines = Object.entries(answer.headers).map(([name, value]) => `${name}: ${value}`);
    socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join("\r\n")}\r\n\r\n`);
    socket.write(first);
    backend.write(head);
    backend.pipe(socket).pipe(backend);
    backend.on("error", () => socket.destroy());
    socket.on("close", () => backend.destroy());
  });
  asked.on("response", () => socket.destroy());
  asked.on("error", () => socket.destroy());
  asked.end();
}
