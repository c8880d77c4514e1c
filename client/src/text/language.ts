import { de } from "./de.js";
import { en } from "./en.js";
import type { MessageKey, Text } from "./text.js";

/** Every language of the page; the first is that of all others. */
export const texts: readonly [Text, ...Text[]] = [en, de];

/** The text in the language that the query asks for (`?lang=de`), or the first of the wanted ones that there is. */
export function textFor(query: string, wanted: readonly string[]): Text {
  const asked = /[?&]lang=([A-Za-z]{2,3})(?:-|&|$)/.exec(query)?.[1];
  for (const language of asked === undefined ? wanted : [asked, ...wanted]) {
    const primary = language.toLowerCase().split("-")[0];
    const found = texts.find(({ lang }) => lang === primary);
    if (found !== undefined) return found;
  }
  return texts[0];
}

/** The words for a key of a report; a key that this page does not know stands for itself. */
export function messageOf(text: Text, key: string): string {
  return Object.hasOwn(text.messages, key) ? text.messages[key as MessageKey] : key;
}
