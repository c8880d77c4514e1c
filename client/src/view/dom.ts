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

/** Fill a table; the first cell of a row is its heading. */
export function fillTable(table: HTMLTableElement, columns: readonly string[], rows: readonly (readonly string[])[]): void {
  table.replaceChildren();
  table.createTHead().insertRow().append(...columns.map((column) => headerCell(table, column, "col")));
  const body = table.createTBody();
  for (const [name = "", ...values] of rows) {
    const row = body.insertRow();
    row.append(headerCell(table, name, "row"));
    for (const value of values) row.insertCell().textContent = value;
  }
}

function headerCell(table: HTMLTableElement, words: string, scope: "col" | "row"): HTMLTableCellElement {
  const cell = table.ownerDocument.createElement("th");
  cell.scope = scope;
  cell.textContent = words;
  return cell;
}
