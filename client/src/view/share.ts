import { fileNameOf } from "../core/run/export.js";
import type { Conclusion } from "../core/run/run.js";
import type { Text } from "../text/text.js";
import { copyText, saveFile } from "./copy-and-save.js";
import { find, setText } from "./dom.js";
import type { Format } from "./format.js";
import { pictureOf } from "./picture.js";

export class Share {
  readonly #root: HTMLElement;
  readonly #said: HTMLElement;
  readonly #picture: HTMLButtonElement;
  readonly #copyLink: HTMLButtonElement;
  readonly #permalink: HTMLAnchorElement;
  #conclusion: Conclusion | undefined;

  constructor(root: ParentNode, text: Text, format: Format) {
    this.#root = find(root, "#share", HTMLElement);
    this.#said = find(root, "#shared", HTMLElement);
    this.#permalink = find(root, "#permalink", HTMLAnchorElement);
    this.#copyLink = this.#button("#copy-link", async () => {
      setText(this.#said, (await copyText(this.#permalink.href)) ? text.share.copied : text.share.linkNotCopied);
    });
    this.#picture = this.#button("#save-picture", async () => {
      if (this.#conclusion === undefined) return;
      const at = new Date(this.#conclusion.endedAt).toISOString();
      saveFile(await pictureOf(this.#conclusion, text, format), fileNameOf(at, "png"));
    });
  }

  hide(): void {
    this.#root.hidden = true;
    setText(this.#said, "");
  }

  /** `permalink` is undefined if the server stores no run. */
  show(conclusion: Conclusion, permalink: string | undefined): void {
    this.#conclusion = conclusion;
    this.#root.hidden = !conclusion.report.valid && permalink === undefined;
    // A picture of an invalid run would be believed.
    this.#picture.hidden = !conclusion.report.valid;
    this.#copyLink.hidden = permalink === undefined;
    setText(this.#permalink, permalink ?? "");
    if (permalink !== undefined) this.#permalink.href = permalink;
  }

  #button(selector: string, pressed: () => void | Promise<void>): HTMLButtonElement {
    const button = find(this.#root, selector, HTMLButtonElement);
    button.addEventListener("click", () => void pressed());
    return button;
  }
}
