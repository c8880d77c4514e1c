import type { LatencyFigures } from "../scoring/latency.js";
import type { RunFacts } from "../scoring/measurements.js";
import type { PersonReport } from "../scoring/report.js";
import type { Result } from "./run.js";

type Cell = string | number | boolean | null;

export function jsonOf(result: Result): string {
  return JSON.stringify(result, null, 2);
}

/**
 * Return the run as rows of `who,figure,unit,value,stretch` (RFC 4180): conclusions, then every round trip. A figure not
 * measured is empty, and so is the stretch of what concerns the whole run.
 */
export function csvOf(result: Result): string {
  const { facts, report, stretches } = result;
  const parts = stretches.length === 0 ? [{ stretch: "", facts, report }] : stretches;
  const rows = [
    ...runRows(result),
    ...parts.flatMap(({ stretch, ...part }) => conclusionsOf(part).map((row): Row => [...row, stretch])),
    ...serverTcpRows(result),
    ...facts.probe.idleMs.map((ms): Row => ["probe_idle", "round_trip", "ms", ms, ""]),
    ...(facts.probe.kernelIdleMs ?? []).map((ms): Row => ["probe_idle", "kernel_round_trip", "ms", ms, ""]),
    ...parts.flatMap((part) => roundTripsOf(part.facts).map((row): Row => [...row, part.stretch])),
  ];
  return [["who", "figure", "unit", "value", "stretch"], ...rows].map((row) => `${row.map(field).join(",")}\r\n`).join("");
}

type Figure = readonly [who: string, figure: string, unit: string, value: Cell];
type Row = readonly [...Figure, stretch: string];

function runRows({ at, host, warmUp, uploadWarmUp, deviceMbps, report, stretches }: Result): Row[] {
  const bps = (mbps: number | null | undefined): Cell => (mbps === null || mbps === undefined ? null : mbps * 1_000_000);
  const uploads = stretches.some(({ stretch }) => stretch !== "download");
  const figures: Figure[] = [
    ["household", "ended_at", "", at],
    ["household", "host", "", host],
    ["household", "valid", "", report.valid],
    ["household", "invalid", "", report.invalid.join(" ")],
    ["household", "grade", "", report.valid ? report.grade : null],
    ["household", "worst_stretch", "", stretches.find((each) => each.report === report)?.stretch ?? null],
    ["household", "warm_up_rate", "bit/s", warmUp?.lineBps ?? null],
    ["household", "upload_warm_up_rate", "bit/s", uploadWarmUp?.lineBps ?? null],
    ["household", "single_connection_rate", "bit/s", warmUp?.singleBps ?? null],
    ["household", "upload_single_connection_rate", "bit/s", uploadWarmUp?.singleBps ?? null],
    ["computer", "connections", "", warmUp?.connections ?? 1],
    ["computer", "upload_connections", "", uploadWarmUp?.connections ?? (uploads ? 1 : null)],
    ["computer", "asked_for", "bit/s", bps(warmUp?.computerMbps)],
    ["computer", "upload_asked_for", "bit/s", bps(uploadWarmUp?.computerMbps)],
    ["computer", "device_limit", "bit/s", bps(deviceMbps)],
    ["probe", "baseline", "ms", report.baselineMs],
    ...latencyOf("probe_idle", report.idle),
  ];
  return figures.map((figure) => [...figure, ""]);
}

function conclusionsOf({ facts, report }: Pick<Result, "facts" | "report">): Figure[] {
  const { attribution } = report;
  return [
    ["household", "valid", "", report.valid],
    ["household", "invalid", "", report.invalid.join(" ")],
    ["household", "grade", "", report.valid ? report.grade : null],
    ["household", "load", "s", facts.loadS],
    ...latencyOf("probe", report.latency),
    ["probe", "loss", "", report.lossShare],
    ["household", "cause_of_delay", "", attribution.cause],
    ["household", "limit_of_rate", "", attribution.rate],
    ["household", "grade_from", "", attribution.witness],
    ["kernel", "baseline", "ms", attribution.kernelBaselineMs],
    ...latencyOf("kernel", report.kernel),
    ...report.people.flatMap(personRows),
  ];
}

function personRows({ who, outcome, verdict, ownLatency, download, upload, playout, call }: PersonReport): Figure[] {
  return [
    [who, "score", "", outcome.score],
    [who, "verdict", "", verdict],
    ...latencyOf(who, ownLatency),
    [who, "download_wanted", "bit/s", download.wantedBps],
    [who, "download_got", "bit/s", download.gotBps],
    [who, "upload_wanted", "bit/s", upload.wantedBps],
    [who, "upload_got", "bit/s", upload.gotBps],
    ...(playout === null ? [] : [[who, "stalled", "s", playout.stallS] as const]),
    ...(call === null ? [] : [[who, "mos", "", call.mos] as const]),
  ];
}

function latencyOf(who: string, figures: LatencyFigures): Figure[] {
  return [
    [who, "answers", "", figures.count],
    [who, "round_trip_p50", "ms", figures.p50Ms],
    [who, "round_trip_p95", "ms", figures.p95Ms],
    [who, "round_trip_p99", "ms", figures.p99Ms],
    [who, "increase_p95", "ms", figures.increaseP95Ms],
    [who, "jitter", "ms", figures.jitterMs],
  ];
}

function serverTcpRows({ serverTcp }: Result): Row[] {
  return serverTcp.flatMap(({ who, tcp }): Row[] => [
    [who, "tcp_round_trip", "ms", tcp.rttMs, ""],
    [who, "tcp_least_round_trip", "ms", tcp.minRttMs, ""],
    [who, "tcp_retransmits", "", tcp.retransmits, ""],
    [who, "tcp_delivery_rate", "bit/s", tcp.deliveryBps, ""],
    [who, "tcp_receiver_limited", "", tcp.receiverLimited ?? null, ""],
    [who, "congestion_control", "", tcp.congestionControl, ""],
  ]);
}

function roundTripsOf({ probe, people }: RunFacts): Figure[] {
  const all = (who: string, figure: string, values: readonly number[] = []): Figure[] =>
    values.map((ms) => [who, figure, "ms", ms]);
  return [
    ...all("probe", "round_trip", probe.loadedMs),
    ...all("probe_repaired", "round_trip", probe.repairedMs),
    ...all("probe_held", "round_trip", probe.heldMs),
    ...people.flatMap(({ who, roundTripsMs, kernelMs }) => [
      ...all(who, "round_trip", roundTripsMs),
      ...all(who, "kernel_round_trip", kernelMs),
    ]),
  ];
}

/** Return a file name with the time of the run's end. */
export function fileNameOf(at: string, ending: string): string {
  return `household-${at.slice(0, 19).replace(/[:T]/g, "-")}.${ending}`;
}

function field(value: Cell): string {
  const text = value === null ? "" : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
