const operators = /[=<>:!]/;
const fields = ["user_id", "test_id", "profile", "peer_address", "worker", "user_agent", "id"];
const states = ["handshake", "active", "quiet", "closing", "closed"];
const verdicts = ["live", "frozen", "silent"];

/**
 * The filter that the control API takes for what was typed: an expression as it is, other text as what any of the
 * fields that name a session contains, or the state or verdict that it begins.
 */
export function asFilter(typed: string): string {
  const text = typed.trim();
  if (text === "" || operators.test(text) || text.startsWith("(")) return text;
  const quoted = JSON.stringify(text);
  const word = text.toLowerCase();
  const parts = [
    ...fields.map((field) => `${field} : ${quoted}`),
    ...states.filter((state) => state.startsWith(word)).map((state) => `state = ${state}`),
    ...verdicts.filter((verdict) => verdict.startsWith(word)).map((verdict) => `verdict = ${verdict}`),
  ];
  return parts.join(" OR ");
}
