import { Suspense } from "react";

import { JobsPage } from "@/features/jobs/page";

export default function Page() {
  return (
    <Suspense>
      <JobsPage />
    </Suspense>
  );
}
