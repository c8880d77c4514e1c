/** Formats numbers and dates for a locale; without Intl, with a decimal point. */
export class Format {
  readonly #locale: string;
  readonly #byDigits: readonly (Intl.NumberFormat | undefined)[];

  constructor(locale: string) {
    this.#locale = locale;
    this.#byDigits = [0, 1, 2].map((digits) => numberFormat(locale, digits));
  }

  /** Return Mbit/s with three significant digits, without a unit; a dash without a value. */
  mbps(bps: number | undefined): string {
    if (bps === undefined) return "–";
    const value = bps / 1_000_000;
    return this.#fixed(value, value < 9.995 ? 2 : value < 99.95 ? 1 : 0);
  }

  /** Return milliseconds without a unit; a dash without a value. */
  milliseconds(ms: number | undefined): string {
    return ms === undefined ? "–" : this.#fixed(ms, ms < 9.95 ? 1 : 0);
  }

  decimal(value: number, digits: 0 | 1 | 2): string {
    return this.#fixed(value, digits);
  }

  /** Return the label of an axis, with as few decimals as needed. */
  axis(value: number): string {
    return this.#fixed(value, Number.isInteger(value) ? 0 : Number.isInteger(value * 10) ? 1 : 2);
  }

  bytes(bytes: number): string {
    if (bytes < 1_000_000) return `${this.#fixed(bytes / 1000, 0)} kB`;
    if (bytes < 1_000_000_000) return `${this.#fixed(bytes / 1_000_000, bytes < 99_950_000 ? 1 : 0)} MB`;
    return `${this.#fixed(bytes / 1_000_000_000, 2)} GB`;
  }

  /** Return the local date of a Unix time in milliseconds, and with `timeStyle` the time of day. */
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

/** Return what Intl makes; undefined if the browser lacks it or refuses the locale. */
function tried<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError) return undefined;
    throw error;
  }
}
