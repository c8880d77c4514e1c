import { csvOf, fileNameOf, jsonOf } from "../core/export.js";
import type { Format } from "../core/format.js";
import type { Result } from "../core/run.js";
import type { Text } from "../text/text.js";
import { find, setText } from "./dom.js";
import { pictureOf } from "./picture.js";

/** Buttons that keep the latest run. */
export class Share {
  readonly #root: HTMLElement;
  readonly #said: HTMLElement;
  readonly #text: Text;
  readonly #picture: HTMLButtonElement;
  #result: Result | undefined;

  constructor(root: ParentNode, text: Text, format: Format) {
    this.#root = find(root, "#share", HTMLElement);
    this.#said = find(root, "#shared", HTMLElement);
    this.#text = text;
    this.#picture = this.#button("#save-picture", async (result) => {
      save(await pictureOf(result, text, format), fileNameOf(result, "png"));
    });
    this.#button("#save-json", (result) => {
      save(new Blob([jsonOf(result)], { type: "application/json" }), fileNameOf(result, "json"));
    });
    this.#button("#save-csv", (result) => {
      save(new Blob([csvOf(result)], { type: "text/csv" }), fileNameOf(result, "csv"));
    });
    this.#button("#copy-json", (result) => this.#copy(jsonOf(result)));
  }

  hide(): void {
    this.#root.hidden = true;
    setText(this.#said, "");
  }

  show(result: Result): void {
    this.#result = result;
    this.#root.hidden = false;
    // A picture of a run that does not count would be believed all the same.
    this.#picture.hidden = !result.report.valid;
  }

  #button(selector: string, pressed: (result: Result) => void | Promise<void>): HTMLButtonElement {
    const button = find(this.#root, selector, HTMLButtonElement);
    button.addEventListener("click", () => {
      if (this.#result !== undefined) void pressed(this.#result);
    });
    return button;
  }

  async #copy(words: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(words);
      setText(this.#said, this.#text.share.copied);
    } catch (error) {
      if (!(error instanceof DOMException || error instanceof TypeError)) throw error;
      setText(this.#said, this.#text.share.notCopied);
    }
  }
}

function save(content: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
