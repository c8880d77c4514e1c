/**
 * Return the text in the language of the query (`?lang=de`), else the first wanted one available, else the first of
 * `all`.
 */
export function choose<T extends { lang: string }>(all: readonly [T, ...T[]], query: string, wanted: readonly string[]): T {
  const asked = /[?&]lang=([A-Za-z]{2,3})(?:-|&|$)/.exec(query)?.[1];
  for (const language of asked === undefined ? wanted : [asked, ...wanted]) {
    const primary = language.toLowerCase().split("-")[0];
    const found = all.find(({ lang }) => lang === primary);
    if (found !== undefined) return found;
  }
  return all[0];
}
