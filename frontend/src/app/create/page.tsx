import { Suspense } from "react";

import { CreatePage } from "@/features/create-sandbox/page";

export default function Page() {
  return (
    <Suspense>
      <CreatePage />
    </Suspense>
  );
}
