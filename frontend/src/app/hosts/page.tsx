import { Suspense } from "react";

import { HostsPage } from "@/features/hosts/page";

export default function Page() {
  return (
    <Suspense>
      <HostsPage />
    </Suspense>
  );
}
