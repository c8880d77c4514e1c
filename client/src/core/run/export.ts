import type { LatencyFigures } from "../scoring/latency.js";
import type { Result } from "./run.js";

type Cell = string | number | boolean | null;

export function jsonOf(result: Result): string {
  return JSON.stringify(result, null, 2);
}

/**
 * Return the run as rows of `who,figure,unit,value` (RFC 4180): conclusions, then every round trip. A figure not
 * measured is empty.
 */
export function csvOf({ at, host, warmUp, deviceMbps, facts, serverTcp, report }: Result): string {
  const rows: Cell[][] = [["who", "figure", "unit", "value"]];
  const add = (who: string, figure: string, unit: string, value: Cell): void => {
    rows.push([who, figure, unit, value]);
  };
  const addLatency = (who: string, figures: LatencyFigures): void => {
    add(who, "answers", "", figures.count);
    add(who, "round_trip_p50", "ms", figures.p50Ms);
    add(who, "round_trip_p95", "ms", figures.p95Ms);
    add(who, "round_trip_p99", "ms", figures.p99Ms);
    add(who, "increase_p95", "ms", figures.increaseP95Ms);
    add(who, "jitter", "ms", figures.jitterMs);
  };
  add("household", "ended_at", "", at);
  add("household", "host", "", host);
  add("household", "valid", "", report.valid);
  add("household", "invalid", "", report.invalid.join(" "));
  add("household", "grade", "", report.valid ? report.grade : null);
  add("household", "load", "s", facts.loadS);
  if (warmUp !== null) {
    add("household", "warm_up_rate", "bit/s", warmUp.lineBps);
    add("computer", "asked_for", "bit/s", warmUp.computerMbps * 1_000_000);
  }
  if (deviceMbps !== null) add("computer", "device_limit", "bit/s", deviceMbps * 1_000_000);
  add("probe", "baseline", "ms", report.baselineMs);
  addLatency("probe_idle", report.idle);
  addLatency("probe", report.latency);
  add("probe", "loss", "", report.lossShare);
  const { attribution } = report;
  add("household", "cause_of_delay", "", attribution.cause);
  add("household", "limit_of_rate", "", attribution.rate);
  add("household", "grade_from", "", attribution.witness);
  add("kernel", "baseline", "ms", attribution.kernelBaselineMs);
  addLatency("kernel", report.kernel);
  for (const person of report.people) {
    const { who } = person;
    add(who, "score", "", person.outcome.score);
    add(who, "verdict", "", person.verdict);
    addLatency(who, person.ownLatency);
    add(who, "download_wanted", "bit/s", person.download.wantedBps);
    add(who, "download_got", "bit/s", person.download.gotBps);
    add(who, "upload_wanted", "bit/s", person.upload.wantedBps);
    add(who, "upload_got", "bit/s", person.upload.gotBps);
    if (person.playout !== null) add(who, "stalled", "s", person.playout.stallS);
    if (person.call !== null) add(who, "mos", "", person.call.mos);
  }
  for (const { who, tcp } of serverTcp) {
    add(who, "tcp_round_trip", "ms", tcp.rttMs);
    add(who, "tcp_least_round_trip", "ms", tcp.minRttMs);
    add(who, "tcp_retransmits", "", tcp.retransmits);
    add(who, "tcp_delivery_rate", "bit/s", tcp.deliveryBps);
    add(who, "tcp_receiver_limited", "", tcp.receiverLimited ?? null);
    add(who, "congestion_control", "", tcp.congestionControl);
  }
  for (const ms of facts.probe.idleMs) add("probe_idle", "round_trip", "ms", ms);
  for (const ms of facts.probe.loadedMs) add("probe", "round_trip", "ms", ms);
  for (const ms of facts.probe.repairedMs) add("probe_repaired", "round_trip", "ms", ms);
  for (const ms of facts.probe.heldMs) add("probe_held", "round_trip", "ms", ms);
  for (const { who, roundTripsMs } of facts.people) for (const ms of roundTripsMs) add(who, "round_trip", "ms", ms);
  for (const ms of facts.probe.kernelIdleMs ?? []) add("probe_idle", "kernel_round_trip", "ms", ms);
  for (const { who, kernelMs } of facts.people) for (const ms of kernelMs ?? []) add(who, "kernel_round_trip", "ms", ms);
  return rows.map((row) => `${row.map(field).join(",")}\r\n`).join("");
}

/** Return a file name with the time of the run's end. */
export function fileNameOf(at: string, ending: string): string {
  return `household-${at.slice(0, 19).replace(/[:T]/g, "-")}.${ending}`;
}

function field(value: Cell): string {
  const text = value === null ? "" : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
