/**
 * The paths of the scripts that a current browser loads with a page.
 * @param {string} page
 * @returns {string[]}
 */
export function scriptsOf(page) {
  const tags = [...page.matchAll(/<script\b([^>]*)>/gi)].map(([, attributes = ""]) => attributes);
  // Those that are marked so are for browsers that the panel does not run in.
  const loaded = tags.filter((attributes) => !/\bnomodule\b/i.test(attributes));
  const paths = loaded.map((attributes) => /\bsrc="\/([^"?]*)/.exec(attributes)?.[1]);
  return [...new Set(paths.filter((path) => path !== undefined))];
}
