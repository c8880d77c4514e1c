import type { Cause } from "./attribution.js";
import type { Stretch } from "./directions.js";
import type { Grade } from "./grade.js";

/**
 * Share of the measured rate to set as the limit (openwrt.org/docs/guide-user/network/traffic-shaping/sqm). Payload is 1
 * to 6 % less than the line carries, so this is 85 to 89 % of that.
 */
const shapedShare = 0.9;
const stepKbps = 10;

/** What to do about a result. */
export interface Remedy {
  action: "shape" | "tell_provider";
  /** Limits to set; null if the direction needs none, or its rate is not known. */
  downloadKbps: number | null;
  uploadKbps: number | null;
}

/** What a run found. */
export interface Finding {
  /** Null if the run does not count. */
  grade: Grade | null;
  /** Of the delay. */
  cause: Cause;
  /** Direction that hurts; null if only downloads were measured. */
  hurting: Stretch | null;
  /** Rates of the line; null if not known. */
  downloadBps: number | null;
  uploadBps: number | null;
  /** Whether people suffer from packets that the line itself loses. */
  lossy: boolean;
}

/** Return what to do; null if there is nothing, or the line is not the cause. */
export function remedyFor({ grade, cause, hurting, downloadBps, uploadBps, lossy }: Finding): Remedy | null {
  if (grade === null || (cause !== "line" && cause !== "unknown")) return null;
  if (lossy) return { action: "tell_provider", downloadKbps: null, uploadKbps: null };
  if (grade === "A+" || grade === "A") return null;
  const way = hurting ?? "download";
  return {
    action: "shape",
    downloadKbps: way === "upload" ? null : limitKbps(downloadBps),
    uploadKbps: way === "download" ? null : limitKbps(uploadBps),
  };
}

/**
 * Return commands that set the limits on a router with OpenWrt and its package sqm-scripts; none without a limit. A limit
 * of 0 leaves a direction as it is.
 */
export function openwrtLines({ downloadKbps, uploadKbps }: Remedy): readonly string[] {
  if (downloadKbps === null && uploadKbps === null) return [];
  const options = {
    enabled: 1,
    interface: `"$(ifstatus wan | jsonfilter -e '@.l3_device')"`,
    download: downloadKbps ?? 0,
    upload: uploadKbps ?? 0,
    qdisc: "cake",
    script: "piece_of_cake.qos",
  };
  return [
    "uci set sqm.household=queue",
    ...Object.entries(options).map(([option, value]) => `uci set sqm.household.${option}=${value}`),
    "uci commit sqm",
    "/etc/init.d/sqm enable",
    "/etc/init.d/sqm restart",
  ];
}

function limitKbps(bps: number | null): number | null {
  return bps === null ? null : stepKbps * Math.floor((shapedShare * bps) / (1000 * stepKbps));
}
