import { find } from "../../view/dom.js";
import type { Format } from "../../view/format.js";
import type { Server, Worker } from "../live-messages.js";
import type { Text } from "../text/text.js";
import { Table } from "./table.js";

type Close = Server["closes"][number];

const numeric = true;

export class ServerTables {
  readonly #root: ParentNode;
  readonly #workers: Table<Worker>;
  readonly #closes: Table<Close>;
  #closed = 0;

  constructor(root: ParentNode, text: Text, format: Format) {
    this.#root = root;
    const word = (key: string) => text.words[key] ?? key;
    const ms = (seconds: number | null) => format.milliseconds(seconds === null ? undefined : seconds * 1000);
    const w = text.columns.workers;
    this.#workers = new Table<Worker>(
      root,
      "#worker-table",
      [
        { heading: w.name, text: ({ name }) => name },
        {
          heading: w.state,
          text: ({ state, detail }) => (detail === "" ? word(state) : `${word(state)} (${detail})`),
          tone: ({ state }) => (state === "ready" ? "good" : "poor"),
        },
        {
          heading: w.sessions,
          numeric,
          text: ({ sessions }) => format.decimal(Object.values(sessions).reduce((sum, count) => sum + count, 0), 0),
        },
        {
          heading: w.lag,
          numeric,
          text: ({ lateness }) => ms(lateness),
          tone: ({ lateness }) => (lateness !== null && lateness > 0.02 ? "fair" : undefined),
        },
        {
          heading: w.slow,
          numeric,
          text: ({ slow }) => format.decimal(slow, 0),
          tone: ({ slow }) => (slow > 0 ? "fair" : undefined),
        },
        { heading: w.longest, numeric, text: ({ longest }) => ms(longest) },
        { heading: w.memory, numeric, text: ({ resident }) => format.bytes(resident) },
        {
          heading: w.restarts,
          numeric,
          text: ({ restarts }) => format.decimal(restarts, 0),
          tone: ({ restarts }) => (restarts > 0 ? "fair" : undefined),
        },
        { heading: w.pid, numeric, text: ({ pid }) => (pid === 0 ? "–" : String(pid)) },
      ],
      ({ name }) => name,
    );
    const c = text.columns.closes;
    this.#closes = new Table<Close>(
      root,
      "#close-table",
      [
        { heading: c.reason, text: ({ reason }) => word(reason) },
        { heading: c.recent, numeric, text: ({ recent }) => format.decimal(recent, 0) },
        { heading: c.count, numeric, text: ({ count }) => format.decimal(count, 0) },
        { heading: c.share, numeric, text: ({ count }) => `${format.decimal((count / this.#closed) * 100, 0)} %` },
      ],
      ({ reason }) => reason,
    );
  }

  show({ workers, closes }: Server): void {
    this.#workers.show(workers);
    this.#closed = closes.reduce((sum, { count }) => sum + count, 0);
    this.#closes.show([...closes].sort((one, other) => other.count - one.count));
    find(this.#root, "#close-table", HTMLElement).hidden = closes.length === 0;
    find(this.#root, "#no-closes", HTMLElement).hidden = closes.length > 0;
  }
}
