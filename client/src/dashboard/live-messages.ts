/** Messages of the daemon; times in seconds, rates in bit/s. */

export type Role = "viewer" | "operator" | "admin";

/** Unix time, sessions, download, upload, round trip p50 and p95, lateness of the latest worker's control passes. */
export type Point = readonly [
  at: number,
  sessions: number,
  down: number,
  up: number,
  p50: number | null,
  p95: number | null,
  lag: number | null,
];

export interface Welcome {
  name: string;
  role: Role;
  host: string;
  version: string;
  /** Where clients connect. */
  url: string;
  points: readonly Point[];
}

export interface Worker {
  name: string;
  state: string;
  detail: string;
  pid: number;
  restarts: number;
  sessions: Readonly<Record<string, number>>;
  connections: number;
  resident: number;
  lateness: number | null;
  slow: number;
  longest: number;
}

export interface Server {
  state: string;
  uptime: number;
  opened: number;
  sent: number;
  received: number;
  refused: number;
  closes: readonly { reason: string; count: number; recent: number }[];
  workers: readonly Worker[];
  drain: { reason: string; deadline: number } | null;
  history: { state: string; problem: string; waiting: number; dropped: number };
}

export interface SessionRow {
  id: string;
  user: string;
  test: string;
  profile: string;
  state: string;
  verdict: string;
  peer: string;
  agent: string;
  worker: string;
  age: number;
  evidence: number;
  down: number;
  up: number;
  roundTrip: number | null;
  sent: number;
  received: number;
}

/** Error of the control API, in its words. */
export interface Problem {
  code: string;
  problem: string;
}

export interface SessionPage {
  rows: readonly SessionRow[];
  total: number;
  next: string;
  missing: readonly string[];
}

export interface Live {
  server: Server;
  point: Point;
  page: SessionPage | Problem;
}

export interface Run {
  id: string;
  at: number;
  grade: string | null;
  valid: boolean;
  baseline: number | null;
  increase: number | null;
  cause: string | null;
  network: string;
  client: string;
  link: string | null;
}

export interface Day {
  at: number;
  grades: Readonly<Record<string, number>>;
}

export type Runs = { runs: readonly Run[]; days: readonly Day[] } | Problem;

export type ChangeResult =
  | { type: "done"; outcomes?: Readonly<Record<string, number>>; blocked?: readonly string[]; missing: readonly string[] }
  | ({ type: "failed" } & Problem);

export type Message =
  | { type: "hello"; login: boolean }
  | { type: "refused" }
  | ({ type: "welcome" } & Welcome)
  | ({ type: "live" } & Live)
  | ({ type: "runs" } & Runs)
  | (ChangeResult & { id: string });

/** Sessions to show: fields of the control API's ListSessionsRequest. */
export interface View {
  filter: string;
  order_by: string;
  page_token: string;
  page_size: number;
}

export type Change =
  | { type: "kill"; ids?: readonly string[]; filter?: string; reason: string; block: number; check_only?: boolean }
  | { type: "drain"; reason: string; deadline?: number }
  | { type: "resume"; reason: string };

export function isProblem(value: object): value is Problem {
  return "problem" in value;
}
