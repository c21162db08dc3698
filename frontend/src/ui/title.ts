import { useEffect } from "react";

import { visible } from "./harmless";

/** The title of the browser's tab. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${visible(title)} · ctnr`;
  }, [title]);
}
