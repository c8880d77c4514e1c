import { describe, expect, it } from "vitest";
import { csvOf, fileNameOf, jsonOf } from "../../../src/core/run/export.js";
import { factsOf } from "../../../src/core/run/run-facts.js";
import type { Result } from "../../../src/core/run/run.js";
import { stretchReport } from "../../../src/core/scoring/directions.js";
import { report } from "../../../src/core/scoring/report.js";
import { shipped } from "../../../src/core/scoring/requirements.js";
import { fine, household, probe } from "./samples.js";

describe("a shared run", () => {
  const facts = factsOf([probe], household(), 5000, fine, 38_000);
  const judged = report(facts, shipped);
  const stretches = [
    { ...stretchReport("download", judged), fromS: 5, untilS: 18, facts },
    { ...stretchReport("upload", { ...judged, grade: "A" }), fromS: 18, untilS: 31, facts },
  ] as const;
  const result: Result = {
    at: "2026-11-23T19:00:05.000Z",
    host: 'ho"st,1',
    warmUp: { singleBps: 5e6, lineBps: 20e6, connections: 8, computerMbps: 60 },
    uploadWarmUp: { singleBps: 4e6, lineBps: 4e6, connections: 1, computerMbps: 6 },
    deviceMbps: 12,
    facts,
    serverTcp: [
      {
        who: "alex",
        tcp: { rttMs: 21.5, minRttMs: null, retransmits: 3, deliveryBps: 4_000_000, congestionControl: "cubic" },
      },
    ],
    report: stretches[0].report,
    stretches,
  };

  it("is whole as JSON", () => {
    expect(JSON.parse(jsonOf(result))).toEqual(JSON.parse(JSON.stringify(result)));
  });

  it("is a table as CSV", () => {
    const rows = csvOf(result).split("\r\n");
    expect(rows.slice(0, 2)).toEqual(["who,figure,unit,value,stretch", "household,ended_at,,2026-11-23T19:00:05.000Z,"]);
    expect(rows).toContain('household,host,,"ho""st,1",');
    expect(rows).toContain("household,grade,,A+,");
    expect(rows).toContain("household,worst_stretch,,download,");
    expect(rows).toContain("household,grade,,A,upload");
    expect(rows).toContain("probe,increase_p95,ms,2,download");
    expect(rows).toContain("probe,loss,,0,download");
    expect(rows).toContain("alex,tcp_round_trip,ms,21.5,");
    expect(rows).toContain("alex,tcp_least_round_trip,ms,,");
    expect(rows).toContain("alex,congestion_control,,cubic,");
    expect(rows).toContain("household,warm_up_rate,bit/s,20000000,");
    expect(rows).toContain("household,single_connection_rate,bit/s,5000000,");
    expect(rows).toContain("household,upload_single_connection_rate,bit/s,4000000,");
    expect(rows).toContain("computer,connections,,8,");
    expect(rows).toContain("computer,upload_connections,,1,");
    expect(rows).toContain("computer,asked_for,bit/s,60000000,");
    expect(rows).toContain("computer,device_limit,bit/s,12000000,");
    expect(rows.filter((row) => row.startsWith("alex,round_trip,ms,"))).toHaveLength(600);
    expect(rows.filter((row) => row.startsWith("probe_idle,round_trip,ms,"))).toHaveLength(100);
  });

  it("names no rate of a warm-up that there was not, and one connection", () => {
    const rows = csvOf({ ...result, warmUp: null, uploadWarmUp: null }).split("\r\n");
    expect(rows).toContain("household,single_connection_rate,bit/s,,");
    expect(rows).toContain("computer,connections,,1,");
    expect(rows).toContain("computer,upload_connections,,1,");
    const short = csvOf({ ...result, uploadWarmUp: null, stretches: [] }).split("\r\n");
    expect(short).toContain("computer,upload_connections,,,");
  });

  it("is named by its time", () => {
    expect(fileNameOf(result.at, "csv")).toBe("household-2026-11-23-19-00-05.csv");
  });
});
