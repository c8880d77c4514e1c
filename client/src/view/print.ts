import { find } from "./dom.js";

/** Prepares the page for paper, where nothing can be opened and no colours are dark. */
export function preparePrint(root: Document): void {
  const details = find(root, "#details", HTMLDetailsElement);
  let wasOpen = details.open;
  addEventListener("beforeprint", () => {
    wasOpen = details.open;
    details.open = true;
    root.documentElement.dataset.print = "";
  });
  addEventListener("afterprint", () => {
    details.open = wasOpen;
    delete root.documentElement.dataset.print;
  });
}
