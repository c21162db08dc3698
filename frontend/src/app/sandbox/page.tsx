import { Suspense } from "react";

import { SandboxPage } from "@/features/sandbox/page";

export default function Page() {
  return (
    <Suspense>
      <SandboxPage />
    </Suspense>
  );
}
