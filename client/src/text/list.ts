/** Join names as in a sentence; `and` is the word before the last. `Intl.ListFormat` needs newer browsers than the page. */
export function listOf(names: readonly string[], and: string): string {
  const last = names.at(-1) ?? "";
  return names.length < 2 ? last : `${names.slice(0, -1).join(", ")} ${and} ${last}`;
}
