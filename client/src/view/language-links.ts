import type { StoredValue } from "../browser/storage.js";
import { languages } from "../text/language.js";
import type { Text } from "../text/text.js";
import { find } from "./dom.js";

/** Show a link to each language, and remember the one followed. */
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

/** Return the page's address in another language, with all other options. */
function addressIn(lang: string): string {
  const query = new URLSearchParams(location.search);
  query.set("lang", lang);
  return `?${query.toString()}`;
}
