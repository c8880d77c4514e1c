import { csvOf, fileNameOf, jsonOf } from "../core/export.js";
import type { Format } from "../core/format.js";
import type { Conclusion, Result } from "../core/run.js";
import type { Text } from "../text/text.js";
import { find, setText } from "./dom.js";
import { pictureOf } from "./picture.js";

/** Buttons that keep a run. */
export class Share {
  readonly #root: HTMLElement;
  readonly #said: HTMLElement;
  readonly #text: Text;
  readonly #picture: HTMLButtonElement;
  readonly #copyLink: HTMLButtonElement;
  readonly #permalink: HTMLAnchorElement;
  readonly #whole: readonly HTMLButtonElement[];
  #conclusion: Conclusion | undefined;
  /** Undefined of a stored run, whose single round trips were not kept. */
  #result: Result | undefined;

  constructor(root: ParentNode, text: Text, format: Format) {
    this.#root = find(root, "#share", HTMLElement);
    this.#said = find(root, "#shared", HTMLElement);
    this.#permalink = find(root, "#permalink", HTMLAnchorElement);
    this.#text = text;
    this.#copyLink = this.#button("#copy-link", () => this.#copy(this.#permalink.href, text.share.linkNotCopied));
    this.#picture = this.#button("#save-picture", async () => {
      if (this.#conclusion === undefined) return;
      save(await pictureOf(this.#conclusion, text, format), fileNameOf(this.#conclusion, "png"));
    });
    this.#whole = [
      this.#resultButton("#save-json", (result) => {
        save(new Blob([jsonOf(result)], { type: "application/json" }), fileNameOf(result, "json"));
      }),
      this.#resultButton("#save-csv", (result) => {
        save(new Blob([csvOf(result)], { type: "text/csv" }), fileNameOf(result, "csv"));
      }),
      this.#resultButton("#copy-json", (result) => this.#copy(jsonOf(result), text.share.notCopied)),
    ];
  }

  hide(): void {
    this.#root.hidden = true;
    setText(this.#said, "");
  }

  /** `permalink` is the address that shows the run, undefined where the server keeps none. */
  show(conclusion: Conclusion, result: Result | undefined, permalink: string | undefined): void {
    this.#conclusion = conclusion;
    this.#result = result;
    this.#root.hidden = false;
    // A picture of a run that does not count would be believed all the same.
    this.#picture.hidden = !conclusion.report.valid;
    this.#copyLink.hidden = permalink === undefined;
    for (const button of this.#whole) button.hidden = result === undefined;
    setText(this.#permalink, permalink ?? "");
    if (permalink !== undefined) this.#permalink.href = permalink;
  }

  #button(selector: string, pressed: () => void | Promise<void>): HTMLButtonElement {
    const button = find(this.#root, selector, HTMLButtonElement);
    button.addEventListener("click", () => void pressed());
    return button;
  }

  #resultButton(selector: string, pressed: (result: Result) => void | Promise<void>): HTMLButtonElement {
    return this.#button(selector, () => (this.#result === undefined ? undefined : pressed(this.#result)));
  }

  async #copy(words: string, refused: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(words);
      setText(this.#said, this.#text.share.copied);
    } catch (error) {
      // Not in a secure context, or a frame without leave.
      if (!(error instanceof DOMException || error instanceof TypeError)) throw error;
      setText(this.#said, refused);
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
