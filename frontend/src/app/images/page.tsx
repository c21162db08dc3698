import { Suspense } from "react";

import { ImagesPage } from "@/features/images/page";

export default function Page() {
  return (
    <Suspense>
      <ImagesPage />
    </Suspense>
  );
}
