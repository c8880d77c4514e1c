import { openwrtLines, type Remedy } from "../core/scoring/remedy.js";
import type { Text } from "../text/text.js";
import { copyText } from "./copy-and-save.js";
import { find, setText } from "./dom.js";
import type { Format } from "./format.js";

/** Limits to set in the customer's router, folded away. */
export class RemedyView {
  readonly #root: HTMLDetailsElement;
  readonly #text: Text;
  readonly #format: Format;

  constructor(root: ParentNode, text: Text, format: Format) {
    this.#root = find(root, "#remedy", HTMLDetailsElement);
    this.#text = text;
    this.#format = format;
    find(this.#root, "button", HTMLButtonElement).addEventListener("click", () => void this.#copy());
  }

  /** Hide without a limit to set. */
  show(remedy: Remedy | null): void {
    const lines = remedy === null ? [] : openwrtLines(remedy);
    this.#root.hidden = lines.length === 0;
    setText(this.#part("#router-limits"), remedy === null ? "" : this.#limits(remedy));
    setText(this.#part("pre"), lines.join("\n"));
    setText(this.#part("#lines-copied"), "");
  }

  #limits({ downloadKbps, uploadKbps }: Remedy): string {
    const words = this.#text.remedy;
    const limit = (kbps: number | null, way: (mbps: string) => string): readonly string[] =>
      kbps === null ? [] : [way(this.#format.mbps(kbps * 1000))];
    return words.menu(this.#text.listOf([...limit(downloadKbps, words.download), ...limit(uploadKbps, words.upload)]));
  }

  async #copy(): Promise<void> {
    const isCopied = await copyText(this.#part("pre").textContent);
    setText(this.#part("#lines-copied"), isCopied ? this.#text.share.copied : this.#text.remedy.notCopied);
  }

  #part(selector: string): HTMLElement {
    return find(this.#root, selector, HTMLElement);
  }
}
