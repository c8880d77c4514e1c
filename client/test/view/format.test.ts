import { describe, expect, it } from "vitest";
import { Format } from "../../src/view/format.js";

describe("Format", () => {
  it("gives three significant figures", () => {
    const format = new Format("en");
    expect(format.mbps(1_500_000)).toBe("1.50");
    expect(format.mbps(25_040_000)).toBe("25.0");
    expect(format.mbps(940_400_000)).toBe("940");
    expect(format.milliseconds(undefined)).toBe("–");
    expect(format.milliseconds(3.14)).toBe("3.1");
    expect(format.milliseconds(1234.5)).toBe("1,235");
    expect(format.bytes(47_000)).toBe("47 kB");
    expect(format.bytes(12_340_000)).toBe("12.3 MB");
    expect(format.bytes(3_500_000_000)).toBe("3.50 GB");
  });

  it("follows the language", () => {
    expect(new Format("de").mbps(1_500_000)).toBe("1,50");
  });
});
