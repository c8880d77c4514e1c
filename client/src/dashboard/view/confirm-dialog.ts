import { find, setText } from "../../view/dom.js";
import type { ChangeResult } from "../live-messages.js";
import type { Confirmation, Text } from "../text/text.js";

export interface Choice {
  label: string;
  options: readonly (readonly [value: number, words: string])[];
  initial: number;
}

/** Dialog that asks for a reason before a change, and stays open while the daemon refuses it. */
export class ConfirmDialog {
  readonly #dialog: HTMLDialogElement;
  readonly #reason: HTMLInputElement;
  readonly #choice: HTMLSelectElement;
  readonly #confirm: HTMLButtonElement;
  readonly #text: Text;
  readonly #part: <T extends Element>(selector: string, type: new () => T) => T;
  #carryOut: ((reason: string, choice: number) => Promise<ChangeResult>) | undefined;
  #done: (answer: ChangeResult & { type: "done" }) => void = () => undefined;

  constructor(root: ParentNode, text: Text) {
    this.#text = text;
    this.#dialog = find(root, "#confirm-dialog", HTMLDialogElement);
    this.#part = (selector, type) => find(this.#dialog, selector, type);
    this.#reason = this.#part("#reason", HTMLInputElement);
    this.#choice = this.#part("#choice", HTMLSelectElement);
    this.#confirm = this.#part("#confirm", HTMLButtonElement);
    this.#part("#cancel", HTMLButtonElement).addEventListener("click", () => {
      this.#dialog.close();
    });
    this.#part("form", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#submit();
    });
  }

  /** Open; `carryOut` gets the reason and the choice, `done` the daemon's success. */
  open(
    { heading, words, hint, confirm }: Confirmation,
    choice: Choice | undefined,
    carryOut: (reason: string, choice: number) => Promise<ChangeResult>,
    done: (answer: ChangeResult & { type: "done" }) => void,
  ): void {
    this.#carryOut = carryOut;
    this.#done = done;
    setText(this.#part("#confirm-heading", HTMLElement), heading);
    setText(this.#part("#confirm-words", HTMLElement), words);
    setText(this.#part("#reason-hint", HTMLElement), hint);
    setText(this.#part("#confirm-problem", HTMLElement), "");
    setText(this.#confirm, confirm);
    this.#reason.value = "";
    this.#part("#confirm-choice", HTMLElement).hidden = choice === undefined;
    if (choice !== undefined) {
      setText(this.#part("#choice-label", HTMLElement), choice.label);
      this.#choice.replaceChildren(...choice.options.map(([value, name]) => new Option(name, String(value))));
      this.#choice.value = String(choice.initial);
    }
    this.#confirm.disabled = false;
    this.#dialog.showModal();
    this.#reason.focus();
  }

  close(): void {
    this.#dialog.close();
  }

  async #submit(): Promise<void> {
    if (this.#carryOut === undefined) return;
    this.#confirm.disabled = true;
    const answer = await this.#carryOut(this.#reason.value, Number(this.#choice.value));
    this.#confirm.disabled = false;
    if (answer.type === "failed") {
      setText(this.#part("#confirm-problem", HTMLElement), this.#text.outcome.failed(answer.code, answer.problem));
      return;
    }
    this.#dialog.close();
    this.#done(answer);
  }
}
