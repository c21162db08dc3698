"use client";

import { Download } from "lucide-react";
import { useState } from "react";

import { PullProgress } from "@/features/images/pull-progress";
import { useT } from "@/i18n";
import { Button } from "@/ui/button";

interface Props {
  image: string;
  engine: string;
  onPulled: () => void;
}

/** Where the image is not there: to pull it, and to go on by itself then. */
export function PullOffer({ image, engine, onPulled }: Props) {
  const t = useT();
  const [isPulling, setPulling] = useState(false);
  if (isPulling) return <PullProgress image={image} engine={engine} onDone={onPulled} />;
  return (
    <Button look="main" className="justify-self-start" onClick={() => setPulling(true)}>
      <Download aria-hidden />
      {t("create.pull", { image })}
    </Button>
  );
}
