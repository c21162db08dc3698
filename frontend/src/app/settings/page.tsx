import { Suspense } from "react";

import { SettingsPage } from "@/features/settings/page";

export default function Page() {
  return (
    <Suspense>
      <SettingsPage />
    </Suspense>
  );
}
