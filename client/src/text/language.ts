import { choose } from "./choose.js";
import { de } from "./de.js";
import { en } from "./en.js";
import type { MessageKey, Text } from "./text.js";

/** Every language of the page; the first is that of all others. */
export const texts: readonly [Text, ...Text[]] = [en, de];

/** The text in the language that the query asks for (`?lang=de`), or the first of the wanted ones that there is. */
export function textFor(query: string, wanted: readonly string[]): Text {
  return choose(texts, query, wanted);
}

/** The words for a key of a report; a key that this page does not know stands for itself. */
export function messageOf(text: Text, key: string): string {
  return Object.hasOwn(text.messages, key) ? text.messages[key as MessageKey] : key;
}
