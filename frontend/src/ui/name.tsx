import { classes } from "./classes";
import { cut, visible } from "./harmless";

/** A name that someone else chose: isolated, cut, and with nothing hidden in it. */
export function Name({ of, className }: { of: string; className?: string }) {
  return (
    <bdi title={cut(visible(of), 500)} className={classes("break-words", className)}>
      {cut(visible(of), 120)}
    </bdi>
  );
}
