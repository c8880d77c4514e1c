/** In the order shown. */
export const people = ["alex", "sarah", "jake", "computer"] as const;

export type Person = (typeof people)[number];

/** A person, or the probe, which only measures. */
export type Party = Person | "probe";

/** Activity of each person: a key of the scoring's requirements. */
export const activityOf = {
  alex: "gaming",
  sarah: "video_call",
  jake: "streaming",
  computer: "bulk_transfer",
} as const satisfies Record<Person, string>;

export type Activity = (typeof activityOf)[Person];
