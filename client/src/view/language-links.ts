import type { StoredValue } from "../browser/storage.js";
import { languages } from "../text/language.js";
import type { Text } from "../text/text.js";
import { find } from "./dom.js";

/** Shows a link for each language of the page; the one that is followed is remembered. */
export function showLanguages(root: ParentNode, text: Text, kept: StoredValue): void {
  const list = find(root, "#languages", HTMLElement);
  list.setAttribute("aria-label", text.labels.language);
  for (const { lang, name } of languages) {
    const link = document.createElement("a");
    link.lang = link.hreflang = lang;
    link.textContent = name;
    link.href = addressIn(lang);
    if (lang === text.lang) link.setAttribute("aria-current", "true");
    link.addEventListener("click", () => {
      kept.set(lang);
    });
    list.append(link);
  }
}

/** The page's own address in another language; all else that it asks for stays. */
function addressIn(lang: string): string {
  const query = new URLSearchParams(location.search);
  query.set("lang", lang);
  return `?${query.toString()}`;
}
