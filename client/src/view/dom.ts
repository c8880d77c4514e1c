/**
 * Return the element below `root` that matches; the page's own markup has it.
 *
 * @throws Error without one.
 */
export function find<T extends Element>(root: ParentNode, selector: string, type: new () => T): T {
  const element = root.querySelector(selector);
  if (!(element instanceof type)) throw new Error(`index.html has no ${type.name} at ${selector}`);
  return element;
}

/** Set the text if it differs: an unchanged one is neither painted nor announced again. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Fill the markup below `root` with the labels of a language. */
export function label(root: ParentNode, { labels }: { labels: Readonly<Record<string, string>> }): void {
  for (const element of root.querySelectorAll<HTMLElement>("[data-text]")) {
    const words = labels[element.dataset.text ?? ""];
    if (words === undefined) throw new Error(`no words for ${element.dataset.text ?? ""}`);
    setText(element, words);
  }
}

export function setItems(list: Element, texts: readonly string[]): void {
  list.replaceChildren(
    ...texts.map((text) => {
      const item = list.ownerDocument.createElement("li");
      item.textContent = text;
      return item;
    }),
  );
}
