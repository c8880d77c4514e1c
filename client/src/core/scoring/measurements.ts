import type { Arrival } from "./playout.js";

/** All probe connections together, which carry only pings; see retransmissions. Times are milliseconds. */
export interface Probe {
  /** Round trips before the load, without those that a retransmission delayed. */
  idleMs: readonly number[];
  /** The same for pings sent under load, in order; answers may come after the load. */
  loadedMs: readonly number[];
  loadedSent: number;
  /** Round trips of pings sent under load, lost, and sent again by TCP. */
  repairedMs: readonly number[];
  /** Round trips of pings sent under load that waited for such a retransmission. */
  heldMs: readonly number[];
  /** Round trips before the load by the server's kernel, of the probe connection with the shortest. */
  kernelIdleMs?: readonly number[];
}

/** Mean payload rates under load, one way, bit/s. */
export interface Direction {
  wantedBps: number;
  gotBps: number;
}

export interface PersonFacts {
  who: string;
  /** Key in the requirements. */
  activity: string;
  roundTripsMs: readonly number[];
  pingsSent: number;
  download: Direction;
  upload: Direction;
  /** Loss on the person's connection; null over TCP, which hides it. */
  lossShare: number | null;
  /** Bytes and their times since the load began; required for video. */
  arrivals: readonly Arrival[];
  /** Round trips of the person's own connection by the server's kernel. */
  kernelMs?: readonly number[];
  /** Share of the time in which this device's receive window was shut, by the server's kernel. */
  receiverLimited?: number | null;
  /** Segments that the server's kernel sent again. */
  retransmits?: number | null;
  /** Whether this device confirmed less than arrived, and the server slowed it. */
  clientLimited?: boolean;
}

/** Circumstances that can invalidate a run. */
export interface Circumstances {
  /** Hidden while measuring; browsers then delay timers by up to a minute. */
  tabHidden: boolean;
  /** Largest gap between elapsed monotonic and wall clock time, standby included. */
  clockJumpMs: number;
  /** Timers of the client were more than 20 ms late at the 95th percentile. */
  clientOverloaded: boolean;
  serverOverloaded: boolean;
  /** A budget of the server, not the line, limited a connection. */
  serverLimited: boolean;
  stoppedEarly: boolean;
  connectionLost: boolean;
}

/** Measurements of a run, without conclusions. */
export interface RunFacts {
  probe: Probe;
  people: readonly PersonFacts[];
  loadS: number;
  circumstances: Circumstances;
}
