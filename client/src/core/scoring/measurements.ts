import type { Arrival } from "./playout.js";

/** The separate connections that carry nothing but pings, taken together; see repairs. Times are milliseconds. */
export interface Probe {
  /** Round trips before any load, without those that a repair delayed. */
  idleMs: readonly number[];
  /** The same of pings sent under load, in order; answers may come after the load, while the line recovers. */
  loadedMs: readonly number[];
  /** Pings sent under load. */
  loadedSent: number;
  /** Round trips of those sent under load that were lost and that TCP sent again. */
  repairedMs: readonly number[];
  /** Round trips of those sent under load that waited for such a repair. */
  heldMs: readonly number[];
}

/** Mean payload rates under load, one way, bit/s. */
export interface Direction {
  wantedBps: number;
  gotBps: number;
}

/** One person's connection under load. */
export interface PersonFacts {
  who: string;
  /** A key of the requirements' activities. */
  activity: string;
  /** Of the person's own connection. */
  roundTripsMs: readonly number[];
  pingsSent: number;
  download: Direction;
  upload: Direction;
  /** Of the person's own connection. Null over TCP, which hides loss. */
  lossShare: number | null;
  /** What came when, since the load began; needed of a person who watches a video. */
  arrivals: readonly Arrival[];
}

/** What can spoil a run. */
export interface Circumstances {
  /** At any time while latency was measured; browsers then hold timers back by up to a minute. */
  tabHidden: boolean;
  /** Largest difference between what a monotonic clock and the wall clock say has passed; also after standby. */
  clockJumpMs: number;
  /** The client's own timers were late by more than 20 ms at the 95th percentile. */
  clientOverloaded: boolean;
  serverOverloaded: boolean;
  /** A budget of the server, and not the line, was what held a connection back. */
  serverLimited: boolean;
  stoppedEarly: boolean;
  connectionLost: boolean;
}

/** What was measured in a run; all of it by the one who reports, nothing concluded. */
export interface RunFacts {
  probe: Probe;
  people: readonly PersonFacts[];
  /** How long the load lasted. */
  loadS: number;
  circumstances: Circumstances;
}
