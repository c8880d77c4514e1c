// First, because bundled in this order the page compresses best.
import { RunController } from "./run-controller.js";
import { StoredValue } from "../browser/storage.js";
import { queryOptionsOf } from "../core/run/query-options.js";
import { runIdOf } from "../core/run/stored-run.js";
import { textFor } from "../text/language.js";
import type { Text } from "../text/text.js";
import { Format } from "../view/format.js";
import { showLanguages } from "../view/language-links.js";
import { Page } from "../view/page.js";
import { showStoredRun } from "./stored-run-page.js";

const language = new StoredValue("household-language", () => localStorage);

function begin(text: Text): void {
  document.documentElement.lang = text.lang;
  showLanguages(document, text, language);
  const page = new Page(document, text, new Format(text.lang));
  const runId = runIdOf(location.search);
  if (runId === undefined) new RunController(page, queryOptionsOf(location.search)).begin();
  else void showStoredRun(runId, page, text);
}

const { dataset } = document.documentElement;
/** Text of index.html to show if the page fails now. */
let trouble = "unloaded";
try {
  const chosen = language.get();
  const text = await textFor(location.search, [...(chosen === undefined ? [] : [chosen]), ...navigator.languages]);
  trouble = "failed";
  begin(text);
  dataset.startup = "ready";
} catch (error) {
  dataset.startup = trouble;
  throw error;
}
