/**
 * The text in the language that the query asks for (`?lang=de`), or the first of the wanted ones that there is; the first
 * of `all` is that of other languages.
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
