import { choose } from "./choose.js";
import type { MessageKey, Text } from "./text.js";

interface Language {
  /** BCP 47. */
  lang: string;
  /** In itself. */
  name: string;
  load: () => Promise<Text>;
}

/** Every language of the page, each a file of its own that only its readers load; the first is that of all others. */
export const languages: readonly [Language, ...Language[]] = [
  { lang: "en", name: "English", load: async () => (await import("./en.js")).en },
  { lang: "de", name: "Deutsch", load: async () => (await import("./de.js")).de },
];

/** The text in the language that the query asks for (`?lang=de`), or the first of the wanted ones that there is. */
export function textFor(query: string, wanted: readonly string[]): Promise<Text> {
  return choose(languages, query, wanted).load();
}

/** The words for a key of a report; a key that this page does not know stands for itself. */
export function messageOf(text: Text, key: string): string {
  return Object.hasOwn(text.messages, key) ? text.messages[key as MessageKey] : key;
}
