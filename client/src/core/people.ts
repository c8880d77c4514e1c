/** Who lives in the house, in the order in which they are shown. */
export const people = ["alex", "sarah", "jake", "computer"] as const;

/** Key of a person: the `who` of the WebSocket URL. */
export type Person = (typeof people)[number];
