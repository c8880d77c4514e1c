export interface Refusal {
  /** The server's code, or empty. */
  cause: string;
  retryAfterS: number | null;
}

/** Return the refusal in a session's row or the row `ready`, if any. */
export function refusalIn(text: string): Refusal | undefined {
  const row = fieldsOf(text);
  if (row.ready === false) return refusalOf(row);
  if (typeof row.refusal === "object" && row.refusal !== null) return refusalOf(row.refusal as Fields);
  return row.refused === undefined ? undefined : { cause: "", retryAfterS: null };
}

type Fields = Record<string, unknown>;

function refusalOf({ cause, retry_after: seconds }: Fields): Refusal {
  return {
    cause: typeof cause === "string" ? cause : "",
    retryAfterS: typeof seconds === "number" && seconds > 0 ? Math.ceil(seconds) : null,
  };
}

/** Return the fields of a JSON object; none for other text. */
function fieldsOf(text: string): Fields {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Fields) : {};
  } catch {
    return {};
  }
}
