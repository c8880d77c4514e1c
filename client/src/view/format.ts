/** Numbers for people to read; the locale decides the decimal sign. Without Intl it is a point. */
export class Format {
  readonly #locale: string;
  readonly #byDigits: readonly (Intl.NumberFormat | undefined)[];

  constructor(locale: string) {
    this.#locale = locale;
    this.#byDigits = [0, 1, 2].map((digits) => numberFormat(locale, digits));
  }

  /** Megabits per second, three significant figures, no unit; no figure is a dash. */
  mbps(bps: number | undefined): string {
    if (bps === undefined) return "–";
    const value = bps / 1_000_000;
    return this.#fixed(value, value < 9.995 ? 2 : value < 99.95 ? 1 : 0);
  }

  /** Milliseconds, no unit; no figure is a dash. */
  milliseconds(ms: number | undefined): string {
    return ms === undefined ? "–" : this.#fixed(ms, ms < 9.95 ? 1 : 0);
  }

  /** A number with so many digits after the decimal sign, 0 to 2. */
  decimal(value: number, digits: 0 | 1 | 2): string {
    return this.#fixed(value, digits);
  }

  /** A number beside an axis, with no more digits than it needs. */
  axis(value: number): string {
    return this.#fixed(value, Number.isInteger(value) ? 0 : Number.isInteger(value * 10) ? 1 : 2);
  }

  /** Bytes in the decimal unit that suits. */
  bytes(bytes: number): string {
    if (bytes < 1_000_000) return `${this.#fixed(bytes / 1000, 0)} kB`;
    if (bytes < 1_000_000_000) return `${this.#fixed(bytes / 1_000_000, bytes < 99_950_000 ? 1 : 0)} MB`;
    return `${this.#fixed(bytes / 1_000_000_000, 2)} GB`;
  }

  /** The day of a Unix time in milliseconds, in the reader's time zone; with `timeStyle` the time of day as well. */
  date(ms: number, timeStyle?: "short"): string {
    const options: Intl.DateTimeFormatOptions = { dateStyle: "long", ...(timeStyle && { timeStyle }) };
    return tried(() => new Intl.DateTimeFormat(this.#locale, options).format(ms)) ?? new Date(ms).toDateString();
  }

  #fixed(value: number, digits: number): string {
    return this.#byDigits[digits]?.format(value) ?? value.toFixed(digits);
  }
}

function numberFormat(locale: string, digits: number): Intl.NumberFormat | undefined {
  return tried(() => new Intl.NumberFormat(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits }));
}

/** What Intl makes; undefined where the browser lacks that part of it, or refuses the locale. */
function tried<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError) return undefined;
    throw error;
  }
}
