import { vi } from "vitest";
import { monotonic } from "../../src/browser/monotonic.js";
import type { Journal } from "../../src/core/session/journal.js";
import { idle, type Snapshot } from "../../src/core/session/snapshot.js";
import type { FromWorker, ToWorker } from "../../src/core/session/worker-messages.js";

/** A worker without a thread, which keeps its orders; the test says what it reports. */
export class FakeWorker {
  static all: FakeWorker[] = [];
  readonly orders: ToWorker[] = [];
  onmessage: ((event: { data: FromWorker }) => void) | undefined;
  readonly profile: string;
  #openedAt: number | undefined;
  #countedBytes = 0;

  constructor(_: URL, { name }: { name: string }) {
    this.profile = name;
    FakeWorker.all.push(this);
  }

  postMessage(order: ToWorker): void {
    this.orders.push(order);
  }

  terminate(): void {
    this.onmessage = undefined;
  }

  /** Report a state, and what happened since the last time. */
  tell(changes: Partial<Snapshot>, happened: Partial<Journal> = {}): void {
    const journal = { pingsSentAt: [], roundTrips: [], received: [], sent: [], ...happened };
    this.onmessage?.({ data: { snapshot: { ...idle, openedAt: this.#openedAt, elapsedMs: this.ageMs, ...changes }, journal } });
  }

  /** Report that payload went for `ms`, upwards of a backup, and that a ping was answered in 10 ms. */
  carry(mbps: number, ms: number): void {
    const at = monotonic();
    const bytes = 125 * mbps * ms;
    this.#countedBytes += bytes;
    const pings = { pingsSentAt: [at], roundTrips: [{ sentAt: at, ms: 10 }] };
    const payload = this.profile === "backup" ? { counts: [{ at, bytes: this.#countedBytes }] } : { received: [{ at: at - ms / 2, bytes }] };
    this.tell({ phase: "running", ...this.#stored }, { ...pings, ...payload });
  }

  finish(): void {
    this.tell({ phase: "done", ending: { kind: "stopped" }, trafficUntil: monotonic() });
    this.onmessage = undefined;
  }

  open(): void {
    this.#openedAt = monotonic();
    this.tell({ phase: "running" });
  }

  lose(): void {
    this.tell({ phase: "failed", ending: { kind: "lost" } });
  }

  refuse(): void {
    this.tell({ phase: "failed", ending: { kind: "refused", cause: "run_full", retryAfterS: 5 } });
  }

  get ageMs(): number {
    return this.#openedAt === undefined ? 0 : monotonic() - this.#openedAt;
  }

  get isNew(): boolean {
    return this.#openedAt === undefined && this.onmessage !== undefined;
  }

  get isStopped(): boolean {
    return this.orders.some(({ kind }) => kind === "stop");
  }

  get isOpen(): boolean {
    return this.#openedAt !== undefined && this.onmessage !== undefined;
  }

  get #stored(): Pick<Snapshot, "stored"> {
    return { stored: this.orders.some(({ kind }) => kind === "report") ? { id: "ab", shown: true } : undefined };
  }

  get queries(): Record<string, string> {
    const [start] = this.orders;
    return start?.kind === "start" ? Object.fromEntries(new URL(start.url).searchParams) : {};
  }

  get limits(): number[] {
    return this.orders.flatMap((order) => (order.kind === "limit" ? [order.mbps] : []));
  }
}

/** Have the globals of a page, whose time stands still. */
export function openPage(): void {
  FakeWorker.all = [];
  vi.stubGlobal("Worker", FakeWorker);
  vi.stubGlobal("document", { baseURI: "https://isp.example/" });
  vi.stubGlobal("location", { search: "?token=secret" });
  vi.useFakeTimers();
}

export function leavePage(): void {
  vi.useRealTimers();
  vi.unstubAllGlobals();
}

/** Return the workers in the order of their start. */
export function workers(): readonly [FakeWorker, ...FakeWorker[]] {
  return FakeWorker.all as [FakeWorker, ...FakeWorker[]];
}
