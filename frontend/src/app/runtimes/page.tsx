import { Suspense } from "react";

import { RuntimesPage } from "@/features/runtimes/page";

export default function Page() {
  return (
    <Suspense>
      <RuntimesPage />
    </Suspense>
  );
}
