/** Who lives in the house, in the order in which they are shown. */
export const people = ["alex", "sarah", "jake", "computer"] as const;

/** Key of a person: the `who` of the WebSocket URL. */
export type Person = (typeof people)[number];

/** Whoever has a connection: the people, and the probe that only measures. */
export type Party = Person | "probe";

/** What each of them does, by the keys of the scoring's requirements. */
export const activityOf = {
  alex: "gaming",
  sarah: "video_call",
  jake: "streaming",
  computer: "bulk_transfer",
} as const satisfies Record<Person, string>;

export type Activity = (typeof activityOf)[Person];
