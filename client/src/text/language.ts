import { choose } from "./choose.js";
import type { MessageKey, Text } from "./text.js";

interface Language {
  /** BCP 47. */
  lang: string;
  /** Name in the language itself. */
  name: string;
  load: () => Promise<Text>;
}

/** Languages of the page, each loaded on demand; the first is the default. */
export const languages: readonly [Language, ...Language[]] = [
  { lang: "en", name: "English", load: async () => (await import("./en.js")).en },
  { lang: "de", name: "Deutsch", load: async () => (await import("./de.js")).de },
];

/** Load the text in the language of the query (`?lang=de`), else the first wanted one. */
export function textFor(query: string, wanted: readonly string[]): Promise<Text> {
  return choose(languages, query, wanted).load();
}

/** Return the text for a message key; an unknown key stands for itself. */
export function messageOf(text: Text, key: string): string {
  return Object.hasOwn(text.messages, key) ? text.messages[key as MessageKey] : key;
}
