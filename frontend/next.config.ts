import type { NextConfig } from "next";

/** The panel is files alone: the backend holds and serves them. */
const config: NextConfig = {
  output: "export",
  reactStrictMode: true,
  devIndicators: false,
};

export default config;
