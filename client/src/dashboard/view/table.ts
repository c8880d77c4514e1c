import { find, setText } from "../../view/dom.js";

export interface Column<R> {
  heading: string;
  numeric?: boolean;
  /** Field to order by, if any. */
  field?: string;
  text: (row: R) => string;
  /** Tone of the cell: good, fair, poor. */
  tone?: (row: R) => string | undefined;
}

/** Table whose rows keep their elements, and so the focus, while their key exists. */
export class Table<R> {
  readonly #body: HTMLTableSectionElement;
  readonly #columns: readonly Column<R>[];
  readonly #key: (row: R) => string;
  readonly #made: ((cells: HTMLTableRowElement, row: R) => void) | undefined;
  readonly #rows = new Map<string, HTMLTableRowElement>();

  /** `made` is called with each new row before it is shown. */
  constructor(
    root: ParentNode,
    selector: string,
    columns: readonly Column<R>[],
    key: (row: R) => string,
    made?: (element: HTMLTableRowElement, row: R) => void,
  ) {
    this.#body = find(root, `${selector} tbody`, HTMLTableSectionElement);
    this.#columns = columns;
    this.#key = key;
    this.#made = made;
    const head = find(root, `${selector} thead tr`, HTMLTableRowElement);
    for (const { heading, numeric } of columns) {
      const cell = head.ownerDocument.createElement("th");
      cell.scope = "col";
      cell.textContent = heading;
      if (numeric) cell.dataset.numeric = "";
      head.append(cell);
    }
  }

  show(rows: readonly R[]): void {
    const keys = new Set(rows.map(this.#key));
    for (const [key, element] of this.#rows) {
      if (keys.has(key)) continue;
      element.remove();
      this.#rows.delete(key);
    }
    const focused = document.activeElement;
    rows.forEach((row, index) => {
      const element = this.#rows.get(this.#key(row)) ?? this.#make(row);
      this.#columns.forEach(({ text, tone }, column) => {
        const cell = element.cells[column + element.cells.length - this.#columns.length];
        if (cell === undefined) return;
        const words = text(row);
        if (cell.childElementCount === 0) setText(cell, words);
        const shade = tone?.(row);
        if (shade === undefined) delete cell.dataset.tone;
        else cell.dataset.tone = shade;
      });
      if (this.#body.rows[index] !== element) this.#body.insertBefore(element, this.#body.rows[index] ?? null);
    });
    // Elements lose the focus when moved.
    if (focused instanceof HTMLElement && focused !== document.activeElement && focused.isConnected) focused.focus();
  }

  #make(row: R): HTMLTableRowElement {
    const element = this.#body.ownerDocument.createElement("tr");
    for (const { numeric } of this.#columns) {
      const cell = element.insertCell();
      if (numeric) cell.dataset.numeric = "";
    }
    this.#made?.(element, row);
    this.#rows.set(this.#key(row), element);
    return element;
  }
}
