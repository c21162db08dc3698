import { SandboxesPage } from "@/features/sandboxes/page";

export default function Page() {
  return <SandboxesPage />;
}
