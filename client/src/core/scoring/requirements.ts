// The source for the server as well.
import { activities, bands } from "../../../../daemon/household_scoring/requirements.json";

/** How it is for a person, from best to worst. */
export type Band = "excellent" | "good" | "fair" | "poor" | "unusable";

/** ROP and CPUP of draft-ietf-ippm-qoo: at ROP the score is 100, at CPUP it is 0. */
export interface Bounds {
  rop: number;
  cpup: number;
}

/** Round trip in milliseconds at one percentile. */
export interface LatencyBounds extends Bounds {
  percentile: number;
}

/** A video player. */
export interface Player {
  /** The video's rate as a share of the wanted download rate. */
  videoShare: number;
  /** Playable video at which it starts. */
  startS: number;
  /** Playable video at which it goes on after a stall. */
  resumeS: number;
}

/** What one activity needs of a line. What is missing does not matter to it. */
export interface Requirement {
  /** Which round trips count: of the person's own connection, which must be of low rate, or of the probe's. */
  latencyFrom: "own" | "probe";
  latency?: readonly LatencyBounds[];
  /** Share of the packets lost. */
  loss?: Bounds;
  /** Share of the wanted rate that arrives, in the worse direction; here ROP is at least CPUP. */
  delivery?: Bounds;
  /** Set where the activity is watching a video. */
  player?: Player;
  /** Whether the activity is a conversation. */
  call?: boolean;
}

/** Requirements by activity, and the least scores of the bands from best to worst; the last begins at 0. */
export interface Requirements {
  activities: Readonly<Record<string, Requirement>>;
  bands: readonly { band: Band; least: number }[];
}

/** The requirements that come with the server; its tests hold the data to its rules. */
export const shipped = { activities, bands } as Requirements;

/** The requirement of an activity. @throws RangeError that says `where` an unknown one stands. */
export function requirementOf(requirements: Requirements, activity: string, where: string): Requirement {
  const known = requirements.activities;
  const requirement = Object.hasOwn(known, activity) ? known[activity] : undefined;
  if (requirement !== undefined) return requirement;
  const allowed = Object.keys(known).sort().join(", ");
  throw new RangeError(`${where} must be one of ${allowed}, not '${activity}'`);
}
