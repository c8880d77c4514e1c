import type { View } from "./live-messages.js";

const operators = /[=<>:!]/;
const searchedFields = ["user_id", "test_id", "profile", "peer_address", "worker", "user_agent", "id"];
const states = ["handshake", "active", "quiet", "closing", "closed"];
const verdicts = ["live", "frozen", "silent"];


/** Sessions, some dozen households. */
export const pageSize = 100;

/** Columns that the daemon can order by, under the names of its filters. */
export interface Order {
  field: string;
  descending: boolean;
}

/** Which sessions are shown, and how one came to this page of them. */
export class SessionQuery {
  #filter = "";
  #order: Order = { field: "opened_at", descending: true };
  /** Tokens of this page and those before it; the first page has none. */
  #tokens: string[] = [];

  /** As it was typed. */
  get filter(): string {
    return this.#filter;
  }

  get order(): Order {
    return this.#order;
  }

  /** Counted from 1. */
  get page(): number {
    return this.#tokens.length + 1;
  }

  get request(): View {
    return {
      filter: asFilter(this.#filter),
      order_by: `${this.#order.field}${this.#order.descending ? " desc" : ""}`,
      page_token: this.#tokens.at(-1) ?? "",
      page_size: pageSize,
    };
  }

  /** Shows what matches, from the first page on: a token belongs to its filter and order. */
  setFilter(filter: string): void {
    this.#filter = filter.trim();
    this.#tokens = [];
  }

  /** Orders by a field; once more turns the order round. What is a number begins with the greatest. */
  orderBy(field: string, numeric: boolean): void {
    const again = this.#order.field === field;
    this.#order = { field, descending: again ? !this.#order.descending : numeric };
    this.#tokens = [];
  }

  forward(token: string): void {
    if (token !== "") this.#tokens.push(token);
  }

  back(): void {
    this.#tokens.pop();
  }
}

/**
 * The filter that the control API takes for what was typed: an expression as it is, other text as what any of the
 * fields that name a session contains, or the state or verdict that it begins.
 */
export function asFilter(typed: string): string {
  const text = typed.trim();
  if (text === "" || operators.test(text) || text.startsWith("(")) return text;
  const quoted = JSON.stringify(text);
  const word = text.toLowerCase();
  const parts = [
    ...searchedFields.map((field) => `${field} : ${quoted}`),
    ...states.filter((state) => state.startsWith(word)).map((state) => `state = ${state}`),
    ...verdicts.filter((verdict) => verdict.startsWith(word)).map((verdict) => `verdict = ${verdict}`),
  ];
  return parts.join(" OR ");
}
