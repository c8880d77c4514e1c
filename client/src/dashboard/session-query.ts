import type { View } from "./live-messages.js";

const operators = /[=<>:!]/;
const searchedFields = ["user_id", "test_id", "profile", "peer_address", "worker", "user_agent", "id"];
const states = ["handshake", "active", "quiet", "closing", "closed"];
const verdicts = ["live", "frozen", "silent"];


/** Sessions per page: some dozen households. */
export const pageSize = 100;

/** Order by a field of the daemon's filters. */
export interface Order {
  field: string;
  descending: boolean;
}

/** Filter, order and page of the sessions shown. */
export class SessionQuery {
  #filter = "";
  #order: Order = { field: "opened_at", descending: true };
  /** Tokens of the pages up to this one; the first page has none. */
  #tokens: string[] = [];

  /** As typed. */
  get filter(): string {
    return this.#filter;
  }

  get order(): Order {
    return this.#order;
  }

  /** From 1. */
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

  /** Filter from the first page on: tokens belong to a filter and order. */
  setFilter(filter: string): void {
    this.#filter = filter.trim();
    this.#tokens = [];
  }

  /** Order by a field, numbers descending; the same field again reverses the order. */
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
 * Return the control API's filter for typed text: an expression as it is; other text matches fields that name a
 * session, or the start of a state or verdict.
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
