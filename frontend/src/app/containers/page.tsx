import { Suspense } from "react";

import { ContainersPage } from "@/features/containers/page";

export default function Page() {
  return (
    <Suspense>
      <ContainersPage />
    </Suspense>
  );
}
