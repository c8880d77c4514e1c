import { describe, expect, it } from "vitest";
import { interruptionBy, interruptionOf } from "../../../src/core/run/interruption.js";
import type { Ending } from "../../../src/core/session/ending.js";

describe("interruptionBy", () => {
  it.each<[Ending, string | undefined]>([
    [{ kind: "stopped" }, undefined],
    [{ kind: "finished" }, undefined],
    [{ kind: "closed", reason: "killed" }, "ended"],
    [{ kind: "closed", reason: "drained" }, "maintenance"],
    [{ kind: "closed", reason: "emergency" }, "closed"],
    [{ kind: "closed", reason: "overloaded" }, "busy"],
    [{ kind: "closed", reason: "probes_failed" }, "silent"],
    [{ kind: "closed", reason: "internal" }, "server"],
    [{ kind: "closed", reason: "flooding" }, "crowded"],
    [{ kind: "closed", reason: "malformed" }, "breach"],
    [{ kind: "closed", reason: "protocol_error" }, "breach"],
    [{ kind: "closed", reason: "not_websocket" }, "breach"],
    [{ kind: "closed", reason: "text_too_large" }, "breach"],
    [{ kind: "closed", reason: "excess_upload" }, "breach"],
    [{ kind: "closed", reason: "unread" }, "breach"],
    [{ kind: "closed", reason: "constructor" }, "server"],
    [{ kind: "closed", reason: "" }, "server"],
    [{ kind: "unloaded" }, "unloaded"],
    [{ kind: "lost" }, "lost"],
  ])("of %j is %s", (ending, cause) => {
    expect(interruptionBy(ending)?.cause).toBe(cause);
  });

  // Every `Cause` of the server's admission, and what a later one may add.
  it.each([
    ["draining", "maintenance"],
    ["starting", "maintenance"],
    ["emergency", "closed"],
    ["blocked", "denied"],
    ["breaker", "denied"],
    ["token", "token"],
    ["origin", "origin"],
    ["address_full", "crowded"],
    ["address_rate", "crowded"],
    ["request_rate", "crowded"],
    ["address_work", "crowded"],
    ["address_unfinished", "crowded"],
    ["run_full", "crowded"],
    ["full", "busy"],
    ["network_full", "busy"],
    ["rate", "busy"],
    ["unfinished", "busy"],
    ["overloaded", "busy"],
    ["unsupervised", "busy"],
    ["unknown_user", "refused"],
    ["proxy_header", "refused"],
    ["of_tomorrow", "refused"],
    ["__proto__", "refused"],
    ["", "refused"],
  ])("of a refusal for %j is %s", (code, cause) => {
    expect(interruptionBy({ kind: "refused", cause: code, retryAfterS: 7 })).toEqual({ cause, retryAfterS: 7 });
  });
});

describe("interruptionOf", () => {
  it.each<[Ending[], string | undefined]>([
    [[{ kind: "lost" }], "silent"],
    [[{ kind: "lost" }, { kind: "closed", reason: "killed" }], "ended"],
    [[{ kind: "unreachable" }], "unreachable"],
    [[{ kind: "stopped" }], undefined],
  ])("of %j, while the device was behind, is %s", (endings, cause) => {
    expect(interruptionOf(endings, true)?.cause).toBe(cause);
  });

  it("is the most telling of all, with its longest wait", () => {
    const refused = (retryAfterS: number): Ending => ({ kind: "refused", cause: "draining", retryAfterS });
    const endings: Ending[] = [{ kind: "stopped" }, { kind: "lost" }, refused(3), refused(20)];
    expect(interruptionOf(endings)).toEqual({ cause: "maintenance", retryAfterS: 20 });
  });

  it("is none where all ended as they should", () => {
    expect(interruptionOf([{ kind: "stopped" }, { kind: "finished" }])).toBeUndefined();
    expect(interruptionOf([])).toBeUndefined();
  });
});
