import type { Metadata, Viewport } from "next";
import type { ReactNode } from "react";

import { Shell } from "@/shell/shell";

import "./globals.css";

export const metadata: Metadata = {
  title: { default: "ctnr", template: "%s · ctnr" },
  description: "Sandboxes and Win32 containers",
  icons: { icon: "/icon.svg" },
};

export const viewport: Viewport = { width: "device-width", initialScale: 1 };

export default function Layout({ children }: { children: ReactNode }) {
  return (
    <html lang="en" suppressHydrationWarning>
      <head>
        {/* A file of its own, since it has to run before the first paint and inline code is not allowed. */}
        <script src="/theme.js" />
      </head>
      <body>
        <Shell>{children}</Shell>
      </body>
    </html>
  );
}
