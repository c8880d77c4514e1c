// The source for the server as well.
import { activities, bands } from "../../../../daemon/household_scoring/requirements.json";

/** From best to worst. */
export type Band = "excellent" | "good" | "fair" | "poor" | "unusable";

/** Bounds of draft-ietf-ippm-qoo: the score is 100 at ROP and 0 at CPUP. */
export interface Bounds {
  rop: number;
  cpup: number;
}

/** Round trip in milliseconds at one percentile. */
export interface LatencyBounds extends Bounds {
  percentile: number;
}

/** Version of a video by its rate, from best to worst. */
export type Rendition = "high" | "medium" | "low";

/** Video player. Buffers are in seconds of video. */
export interface Player {
  /** The best first: its rate as a share of the wanted download rate, and the score of a video that plays in it without a stop. */
  renditions: readonly { rendition: Rendition; share: number; score: number }[];
  /** Buffer that starts playback. */
  startS: number;
  /** Buffer that resumes playback. */
  resumeS: number;
}

/** Requirements of an activity; missing ones do not matter to it. */
export interface Requirement {
  /** Round trips that count: of the person's connection, if its rate is low, or of the probe. */
  latencyFrom: "own" | "probe";
  latency?: readonly LatencyBounds[];
  /** Share of packets lost. */
  loss?: Bounds;
  /** Bounds of the share of the wanted rate, in the worse direction; ROP is at least CPUP. */
  delivery?: Bounds;
  player?: Player;
  call?: boolean;
}

/** Requirements by activity, and the minimum scores of the bands, best first; the last is 0. */
export interface Requirements {
  activities: Readonly<Record<string, Requirement>>;
  bands: readonly { band: Band; least: number }[];
}

/** Requirements shared with the server, whose tests validate them. */
export const shipped = { activities, bands } as Requirements;

/** Return the requirement of an activity. @throws RangeError that names `where` the unknown one stands. */
export function requirementOf(requirements: Requirements, activity: string, where: string): Requirement {
  const known = requirements.activities;
  const requirement = Object.hasOwn(known, activity) ? known[activity] : undefined;
  if (requirement !== undefined) return requirement;
  const allowed = Object.keys(known).sort().join(", ");
  throw new RangeError(`${where} must be one of ${allowed}, not '${activity}'`);
}
