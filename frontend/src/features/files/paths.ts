/** A name below a folder. */
export function join(folder: string, name: string): string {
  return folder === "/" ? `/${name}` : `${folder}/${name}`;
}

/** The folder and all above it, outermost first, with the name of each. */
export function trail(folder: string): { name: string; path: string }[] {
  const parts = folder.split("/").filter(Boolean);
  return [{ name: "/", path: "/" }, ...parts.map((name, index) => ({ name, path: `/${parts.slice(0, index + 1).join("/")}` }))];
}

/** The folder that a folder is in. */
export function above(folder: string): string {
  return trail(folder).at(-2)?.path ?? "/";
}
