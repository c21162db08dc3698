import { Suspense } from "react";

import { ContainerPage } from "@/features/container/page";

export default function Page() {
  return (
    <Suspense>
      <ContainerPage />
    </Suspense>
  );
}
