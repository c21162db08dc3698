import type { NextConfig } from "next";

const config: NextConfig = {
  // A published port is opened by address as often as by name; without this the dev server
  // refuses its own scripts to a page that was loaded from http://127.0.0.1:PORT.
  allowedDevOrigins: ["127.0.0.1", "[::1]"],
};

export default config;
