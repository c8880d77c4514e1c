import { find, setText } from "../../view/dom.js";
import type { Format } from "../../view/format.js";
import { isProblem, type Problem, type SessionPage, type View } from "../live-messages.js";
import { flat, fold, type Row } from "../session-groups.js";
import { SessionQuery } from "../session-query.js";
import type { SessionColumn, Text } from "../text/text.js";
import { Table, type Column } from "./table.js";

export interface SessionsListener {
  watch: (view: View) => void;
  kill: (ids: readonly string[]) => void;
  killMatching: (filter: string, total: number) => void;
}

const examples = [
  "jake",
  "state = quiet",
  "verdict != live",
  "profile = jake",
  "round_trip > 200ms",
  "age > 60s AND actual_download_bps < 100000",
];

export class SessionsView {
  readonly #text: Text;
  readonly #listener: SessionsListener;
  readonly #query = new SessionQuery();
  readonly #table: Table<Row>;
  readonly #columns: readonly (Column<Row> & { key: SessionColumn })[];
  readonly #heads: HTMLTableCellElement[];
  readonly #all: HTMLInputElement;
  readonly #filter: HTMLInputElement;
  readonly #group: HTMLInputElement;
  readonly #selected = new Set<string>();
  readonly #unfolded = new Set<string>();
  /** Rows shown, by key. */
  #rows = new Map<string, Row>();
  readonly #element: <T extends Element>(selector: string, type: new () => T) => T;
  #page: SessionPage | undefined;
  #mayChange = false;

  constructor(root: Document, text: Text, format: Format, listener: SessionsListener) {
    this.#text = text;
    this.#listener = listener;
    this.#element = (selector, type) => find(root, selector, type);
    this.#columns = sessionColumns(text, format);
    this.#table = new Table(root, "#session-table", this.#columns, ({ key }) => key, (element, row) => {
      this.#addChoice(element, row);
      this.#addFold(element, row);
    });
    const head = find(root, "#session-table thead tr", HTMLTableRowElement);
    this.#heads = [...head.cells];
    this.#columns.forEach((column, index) => {
      this.#makeSortable(column, index);
    });
    this.#all = root.createElement("input");
    this.#all.type = "checkbox";
    this.#all.setAttribute("aria-label", text.selectAll);
    this.#all.addEventListener("change", () => {
      for (const { id } of this.#page?.rows ?? []) this.#select(id, this.#all.checked);
      this.#showSelection();
    });
    const corner = root.createElement("td");
    corner.className = "choice";
    corner.append(this.#all);
    head.prepend(corner);
    this.#filter = find(root, "#filter", HTMLInputElement);
    this.#group = find(root, "#group", HTMLInputElement);
    find(root, "#filters", HTMLDataListElement).replaceChildren(...examples.map((value) => new Option(value, value)));
    this.#listen();
    this.#showOrder();
  }

  allow(mayChange: boolean): void {
    this.#mayChange = mayChange;
    this.#element("#session-table", HTMLTableElement).toggleAttribute("data-choice", mayChange);
    this.#showSelection();
  }

  watch(): void {
    this.#listener.watch(this.#query.request);
  }

  forget(): void {
    this.#selected.clear();
    this.#showSelection();
  }

  show(page: SessionPage | Problem): void {
    const problem = this.#element("#filter-problem", HTMLElement);
    if (isProblem(page)) {
      setText(problem, page.problem);
      this.#filter.setAttribute("aria-invalid", "true");
      return;
    }
    setText(problem, page.missing.length > 0 ? this.#text.missing(page.missing) : "");
    this.#filter.removeAttribute("aria-invalid");
    if (page.rows.length === 0 && this.#query.page > 1) {
      // The last page emptied while shown.
      this.#query.back();
      this.watch();
      return;
    }
    this.#page = page;
    this.#showRows();
    const here = new Set(page.rows.map(({ id }) => id));
    for (const id of this.#selected) if (!here.has(id)) this.#selected.delete(id);
    setText(this.#element("#matching", HTMLElement), this.#text.matching(page.total));
    this.#element("#no-sessions", HTMLElement).hidden = page.rows.length > 0;
    this.#element("#pages", HTMLElement).hidden = this.#query.page === 1 && page.next === "";
    this.#element("#before", HTMLButtonElement).disabled = this.#query.page === 1;
    this.#element("#next", HTMLButtonElement).disabled = page.next === "";
    setText(this.#element("#page-number", HTMLElement), this.#text.page(this.#query.page));
    this.#showSelection();
  }

  #listen(): void {
    this.#element("#filter-form", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      this.#change(() => {
        this.#query.setFilter(this.#filter.value);
      });
    });
    this.#element("#clear", HTMLButtonElement).addEventListener("click", () => {
      this.#filter.value = "";
      this.#change(() => {
        this.#query.setFilter("");
      });
      this.#filter.focus();
    });
    this.#group.addEventListener("change", () => {
      this.#showRows();
      this.#showSelection();
    });
    this.#element("#before", HTMLButtonElement).addEventListener("click", () => {
      this.#change(() => {
        this.#query.back();
      });
    });
    this.#element("#next", HTMLButtonElement).addEventListener("click", () => {
      this.#change(() => {
        this.#query.forward(this.#page?.next ?? "");
      });
    });
    this.#element("#kill", HTMLButtonElement).addEventListener("click", () => {
      this.#listener.kill([...this.#selected]);
    });
    this.#element("#kill-matching", HTMLButtonElement).addEventListener("click", () => {
      this.#listener.killMatching(this.#query.request.filter, this.#page?.total ?? 0);
    });
  }

  #change(change: () => void): void {
    change();
    this.#selected.clear();
    this.#showSelection();
    this.#showOrder();
    this.watch();
  }

  #showRows(): void {
    const page = this.#page?.rows ?? [];
    const rows = this.#group.checked ? fold(page, this.#unfolded, this.#text) : flat(page);
    this.#rows = new Map(rows.map((row) => [row.key, row]));
    this.#table.show(rows);
    for (const button of document.querySelectorAll<HTMLButtonElement>("#session-table .fold")) {
      const row = this.#rows.get(button.value);
      button.setAttribute("aria-expanded", String(row?.unfolded === true));
      setText(button, row?.user ?? "");
    }
  }

  /** Add a button that unfolds a household or its probes. */
  #addFold(element: HTMLTableRowElement, { key, unfolded, depth }: Row): void {
    const cell = element.cells[1];
    if (cell === undefined) return;
    cell.dataset.depth = String(depth);
    if (unfolded === undefined) return;
    const button = element.ownerDocument.createElement("button");
    button.type = "button";
    button.className = "fold";
    button.value = key;
    button.addEventListener("click", () => {
      if (!this.#unfolded.delete(key)) this.#unfolded.add(key);
      this.#showRows();
      this.#showSelection();
    });
    cell.append(button);
  }

  #addChoice(element: HTMLTableRowElement, { key, user, agent }: Row): void {
    const box = element.ownerDocument.createElement("input");
    box.type = "checkbox";
    box.value = key;
    box.setAttribute("aria-label", this.#text.select(user));
    box.addEventListener("change", () => {
      for (const id of this.#rows.get(key)?.ids ?? []) this.#select(id, box.checked);
      this.#showSelection();
    });
    const cell = element.insertCell(0);
    cell.className = "choice";
    cell.append(box);
    element.title = agent;
  }

  #makeSortable({ field, numeric, heading }: Column<Row>, index: number): void {
    const head = this.#heads[index];
    if (field === undefined || head === undefined) return;
    const button = head.ownerDocument.createElement("button");
    button.type = "button";
    button.textContent = heading;
    button.addEventListener("click", () => {
      this.#change(() => {
        this.#query.orderBy(field, numeric === true);
      });
    });
    head.replaceChildren(button);
  }

  #showOrder(): void {
    const { field, descending } = this.#query.order;
    this.#columns.forEach((column, index) => {
      const head = this.#heads[index];
      if (column.field === undefined || head === undefined) return;
      // Age orders opposite to the opening time.
      const falls = column.key === "age" ? !descending : descending;
      const mine = column.field === field;
      head.setAttribute("aria-sort", mine ? (falls ? "descending" : "ascending") : "none");
    });
    this.#element("#clear", HTMLButtonElement).hidden = this.#query.filter === "";
  }

  #select(id: string, wanted: boolean): void {
    if (wanted) this.#selected.add(id);
    else this.#selected.delete(id);
  }

  #showSelection(): void {
    for (const box of document.querySelectorAll<HTMLInputElement>("#session-table tbody .choice input")) {
      const ids = this.#rows.get(box.value)?.ids ?? [];
      const chosen = ids.filter((id) => this.#selected.has(id)).length;
      box.checked = ids.length > 0 && chosen === ids.length;
      box.indeterminate = chosen > 0 && chosen < ids.length;
    }
    const rows = this.#page?.rows.length ?? 0;
    this.#all.checked = rows > 0 && this.#selected.size === rows;
    this.#all.indeterminate = this.#selected.size > 0 && this.#selected.size < rows;
    const kill = this.#element("#kill", HTMLButtonElement);
    kill.hidden = !this.#mayChange;
    kill.disabled = this.#selected.size === 0;
    const matching = this.#element("#kill-matching", HTMLButtonElement);
    matching.hidden = !this.#mayChange || this.#query.filter === "";
    matching.disabled = (this.#page?.total ?? 0) === 0;
  }
}

function sessionColumns(text: Text, format: Format): (Column<Row> & { key: SessionColumn })[] {
  const word = (key: string) => text.words[key] ?? key;
  const column = (
    key: SessionColumn,
    show: (row: Row) => string,
    more: Partial<Column<Row>> = {},
  ): Column<Row> & { key: SessionColumn } => ({ key, heading: text.columns.sessions[key], text: show, ...more });
  const numeric = true;
  return [
    column("user", ({ user }) => user, { field: "user_id" }),
    column("profile", ({ profile }) => profile, { field: "profile" }),
    column("state", ({ state }) => word(state), {
      field: "state",
      tone: ({ state }) => (state === "active" ? "good" : state === "quiet" ? "poor" : "fair"),
    }),
    column("verdict", ({ verdict }) => word(verdict), {
      field: "verdict",
      tone: ({ verdict }) => (verdict === "live" ? "good" : verdict === "frozen" ? "fair" : "poor"),
    }),
    column("age", ({ age }) => text.duration(age), { field: "opened_at", numeric }),
    column("evidence", ({ evidence }) => text.duration(evidence), { field: "evidence_age", numeric }),
    column("down", ({ down }) => format.mbps(down), { field: "actual_download_bps", numeric }),
    column("up", ({ up }) => format.mbps(up), { field: "actual_upload_bps", numeric }),
    column("roundTrip", ({ roundTrip }) => format.milliseconds(roundTrip === null ? undefined : roundTrip * 1000), {
      field: "round_trip",
      numeric,
    }),
    column("sent", ({ sent }) => format.bytes(sent), { field: "sent_bytes", numeric }),
    column("received", ({ received }) => format.bytes(received), { field: "received_bytes", numeric }),
    column("peer", ({ peer }) => peer, { field: "peer_address" }),
    column("worker", ({ worker }) => worker, { field: "worker" }),
  ];
}
