/** Value in the browser's storage; always absent where storage is refused, as with blocked cookies. */
export class StoredValue {
  readonly #name: string;
  readonly #storage: () => Storage;

  constructor(name: string, storage: () => Storage) {
    this.#name = name;
    this.#storage = storage;
  }

  get(): string | undefined {
    return this.#tried((storage) => storage.getItem(this.#name)) ?? undefined;
  }

  set(value: string): void {
    this.#tried((storage) => {
      storage.setItem(this.#name, value);
    });
  }

  remove(): void {
    this.#tried((storage) => {
      storage.removeItem(this.#name);
    });
  }

  #tried<T>(use: (storage: Storage) => T): T | undefined {
    try {
      return use(this.#storage());
    } catch (error) {
      // Refused, full, or null, as in some web views.
      if (error instanceof DOMException || error instanceof TypeError) return undefined;
      throw error;
    }
  }
}
