import { Suspense } from "react";

import { EventsPage } from "@/features/events/page";

export default function Page() {
  return (
    <Suspense>
      <EventsPage />
    </Suspense>
  );
}
