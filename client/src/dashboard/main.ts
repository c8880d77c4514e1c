import { StoredValue } from "../browser/storage.js";
import { choose } from "../text/choose.js";
import { find, label, setText } from "../view/dom.js";
import { Format } from "../view/format.js";
import { DrainProgress } from "./drain-progress.js";
import { LiveConnection, type Loss } from "./live-connection.js";
import type { ChangeResult, Live, Message, Server, Welcome } from "./live-messages.js";
import { de } from "./text/de.js";
import { en } from "./text/en.js";
import { Trend } from "./trend.js";
import { ConfirmDialog } from "./view/confirm-dialog.js";
import { FiguresView } from "./view/figures-view.js";
import { RunsView } from "./view/runs-view.js";
import { ServerTables } from "./view/server-tables.js";
import { SessionsView } from "./view/sessions-view.js";

const keptToken = new StoredValue("householdd-token", () => sessionStorage);
/** Charts cover ten minutes and are expensive to draw. */
const drawEvery = 2;
const outcomeMs = 8000;

const text = choose([en, de], location.search, navigator.languages);
document.documentElement.lang = text.lang;
label(document, text);
const format = new Format(text.lang);
const clock = new Intl.DateTimeFormat(text.lang, { timeStyle: "medium" });
const element = (selector: string) => find(document, selector, HTMLElement);
const button = (selector: string) => find(document, selector, HTMLButtonElement);

const trend = new Trend();
const drainProgress = new DrainProgress();
const figures = new FiguresView(document, text, format);
const serverTables = new ServerTables(document, text, format);
const runs = new RunsView(document, text, format);
const dialog = new ConfirmDialog(document, text);
let about: Welcome | undefined;
let heardAt: Date | undefined;
let drawn = 0;
let hiding: number | undefined;

const connection = new LiveConnection(keptToken.get(), {
  needsToken: showLogin,
  message: take,
  lost: showLoss,
});
const sessions = new SessionsView(document, text, format, {
  watch: (view) => {
    connection.watch(view);
  },
  kill: (ids) => {
    confirmKill(text.confirm.kill(ids.length), { ids });
  },
  killMatching: (filter, total) => {
    confirmKill(text.confirm.killMatching(filter, total), { filter });
  },
});

function take(message: Message): void {
  if (message.type === "welcome") showWelcome(message);
  else if (message.type === "live") showLive(message);
  else if (message.type === "runs") runs.show(message);
}

function showWelcome(welcome: Welcome): void {
  about = welcome;
  const operates = welcome.role !== "viewer";
  document.documentElement.dataset.link = "live";
  document.title = `${welcome.host} – householdd`;
  setText(element("#host"), welcome.host);
  const named = keptToken.get() !== undefined;
  setText(element("#who"), named ? text.who(welcome.name, text.words[welcome.role] ?? welcome.role) : text.anybody);
  button("#logout").hidden = !named;
  element("#login").hidden = true;
  element("#board").hidden = false;
  setText(element("#lost"), "");
  button("#drain-button").hidden = !operates;
  button("#resume").hidden = !operates;
  trend.reset(welcome.points);
  drawn = 0;
  sessions.allow(operates);
  sessions.watch();
}

function showLive({ server, point, page }: Live): void {
  heardAt = new Date();
  trend.add(point);
  figures.show(server, trend);
  if (drawn++ % drawEvery === 0 && !document.hidden) figures.draw(trend);
  serverTables.show(server);
  sessions.show(page);
  showState(server, point[1]);
}

function showState({ state, uptime, drain, history }: Server, live: number): void {
  const pill = element("#state");
  pill.hidden = false;
  pill.dataset.tone = state === "serving" ? "good" : "fair";
  setText(pill, text.words[state] ?? state);
  setText(element("#about"), text.about(about?.version ?? "", text.duration(uptime)));
  const progress = drainProgress.update(drain?.deadline, live);
  element("#drain").hidden = drain === null;
  button("#drain-button").disabled = drain !== null;
  if (drain !== null) {
    const left = text.duration(Math.max(drain.deadline - Date.now() / 1000, 0));
    setText(element("#drain-words"), live === 0 ? text.drained(drain.reason) : text.drain(drain.reason, live, left));
    find(document, "#drain-progress", HTMLProgressElement).value = progress;
  }
  setText(element("#trouble"), history.state === "failing" ? text.history.failing(history.problem, history.waiting) : "");
}

function showLogin(wrong: boolean): void {
  const before = keptToken.get() !== undefined;
  keptToken.remove();
  document.documentElement.dataset.link = "login";
  dialog.close();
  setText(element("#lost"), "");
  element("#board").hidden = true;
  element("#state").hidden = true;
  button("#logout").hidden = true;
  setText(element("#who"), "");
  element("#login").hidden = false;
  button("#login button").disabled = false;
  setText(element("#login-problem"), wrong ? text.wrongToken : before ? text.loggedOut : "");
  find(document, "#token", HTMLInputElement).focus();
}

function showLoss(loss: Loss, seconds: number): void {
  document.documentElement.dataset.link = "lost";
  button("#login button").disabled = false;
  setText(element("#lost"), text.lost(loss, seconds, heardAt === undefined ? undefined : clock.format(heardAt)));
}

function confirmKill(confirm: Parameters<ConfirmDialog["open"]>[0], which: { ids: readonly string[] } | { filter: string }): void {
  const block = { label: text.confirm.block, options: text.confirm.blockChoices, initial: 0 };
  dialog.open(
    confirm,
    block,
    (reason, seconds) => connection.request({ type: "kill", ...which, reason, block: seconds }),
    ({ outcomes, blocked }) => {
      sessions.forget();
      showOutcome(text.outcome.killed(outcomes ?? {}, blocked?.length ?? 0));
    },
  );
}

function showOutcome(words: string): void {
  setText(element("#outcome"), words);
  clearTimeout(hiding);
  hiding = setTimeout(() => {
    setText(element("#outcome"), "");
  }, outcomeMs);
}

find(document, "#login", HTMLFormElement).addEventListener("submit", (event) => {
  event.preventDefault();
  const input = find(document, "#token", HTMLInputElement);
  const token = input.value.trim();
  input.value = "";
  setText(element("#login-problem"), "");
  button("#login button").disabled = true;
  keptToken.set(token);
  connection.logIn(token);
});
button("#logout").addEventListener("click", () => {
  keptToken.remove();
  connection.logIn(undefined);
});
button("#drain-button").addEventListener("click", () => {
  const deadline = { label: text.confirm.deadline, options: text.confirm.deadlineChoices, initial: 300 };
  dialog.open(
    text.confirm.drain,
    deadline,
    (reason, seconds): Promise<ChangeResult> => connection.request({ type: "drain", reason, deadline: seconds }),
    () => {
      showOutcome(text.outcome.draining);
    },
  );
});
button("#resume").addEventListener("click", () => {
  dialog.open(
    text.confirm.resume,
    undefined,
    (reason): Promise<ChangeResult> => connection.request({ type: "resume", reason }),
    () => {
      showOutcome(text.outcome.resumed);
    },
  );
});
connection.open();
