import type { SessionRow } from "./live-messages.js";

/** Table row: a session, or several of one household. */
export interface Row extends SessionRow {
  /** Stable while sessions come and go. */
  key: string;
  ids: readonly string[];
  /** Whether its sessions are shown; undefined for a session. */
  unfolded: boolean | undefined;
  /** 0 for a household, 1 and 2 below it. */
  depth: number;
}

export interface Words {
  people: (count: number) => string;
  probes: (count: number) => string;
}

const probe = "probe";
// From best to worst; a household has its worst.
const states = ["active", "handshake", "closed", "closing", "quiet"];
const verdicts = ["unspecified", "live", "frozen", "silent"];

/** Return a row for each household, and below unfolded ones their people and probes, in the order of `rows`. */
export function fold(rows: readonly SessionRow[], unfolded: ReadonlySet<string>, words: Words): Row[] {
  const households = new Map<string, SessionRow[]>();
  for (const row of rows) {
    const key = row.test === "" ? `session ${row.id}` : `household ${address(row)} ${row.test}`;
    const members = households.get(key);
    if (members === undefined) households.set(key, [row]);
    else members.push(row);
  }
  return [...households].flatMap(([key, members]) => household(key, members, unfolded, words));
}

export function flat(rows: readonly SessionRow[]): Row[] {
  return rows.map((row) => single(row, 0));
}

function household(key: string, members: readonly SessionRow[], unfolded: ReadonlySet<string>, words: Words): Row[] {
  const [first] = members;
  if (first === undefined || members.length === 1) return members.map((row) => single(row, 0));
  const people = members.filter(({ profile }) => profile !== probe);
  const head = several(key, members, unfolded, 0, first.test, words.people(people.length));
  if (head.unfolded !== true) return [head];
  return [head, ...people.map((row) => single(row, 1)), ...probes(key, members, unfolded, words)];
}

function probes(key: string, members: readonly SessionRow[], unfolded: ReadonlySet<string>, words: Words): Row[] {
  const found = members.filter(({ profile }) => profile === probe);
  if (found.length < 2) return found.map((row) => single(row, 1));
  const head = several(`${key} probes`, found, unfolded, 1, words.probes(found.length), probe);
  return head.unfolded === true ? [head, ...found.map((row) => single(row, 2))] : [head];
}

function single(row: SessionRow, depth: number): Row {
  return { ...row, key: row.id, ids: [row.id], unfolded: undefined, depth };
}

function several(
  key: string,
  rows: readonly SessionRow[],
  unfolded: ReadonlySet<string>,
  depth: number,
  user: string,
  profile: string,
): Row {
  const [first] = rows;
  if (first === undefined) throw new Error("a household without sessions");
  const sum = (value: (row: SessionRow) => number) => rows.reduce((total, row) => total + value(row), 0);
  return {
    ...first,
    key,
    ids: rows.map(({ id }) => id),
    unfolded: unfolded.has(key),
    depth,
    user,
    profile,
    state: worst(states, rows.map(({ state }) => state)),
    verdict: worst(verdicts, rows.map(({ verdict }) => verdict)),
    peer: address(first),
    worker: [...new Set(rows.map(({ worker }) => worker))].sort().join(", "),
    age: Math.max(...rows.map(({ age }) => age)),
    evidence: Math.min(...rows.map(({ evidence }) => evidence)),
    down: sum(({ down }) => down),
    up: sum(({ up }) => up),
    roundTrip: median(rows.flatMap(({ roundTrip }) => (roundTrip === null ? [] : [roundTrip]))),
    sent: sum(({ sent }) => sent),
    received: sum(({ received }) => received),
  };
}

/** Return the last in the order; unknown ones are worst. */
function worst(order: readonly string[], words: readonly string[]): string {
  const rank = (word: string) => (order.includes(word) ? order.indexOf(word) : order.length);
  return words.reduce((most, word) => (rank(word) > rank(most) ? word : most));
}

function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? null;
}

export function address({ peer }: SessionRow): string {
  return peer.replace(/:\d+$/, "").replace(/^\[|\]$/g, "");
}
