import { en } from "./en.js";
import type { Text } from "./text.js";

function plural(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

function sitzungen(count: number): string {
  return plural(count, "Sitzung", "Sitzungen");
}

export const de: Text = {
  lang: "de",
  labels: {
    skip: "Zu den Sitzungen",
    noscript: "Die Übersicht braucht JavaScript.",
    login: "Anmelden",
    loginHint: "Mit dem Token, das in der Token-Datei von householdd neben Ihrem Namen steht.",
    token: "Token",
    logout: "Abmelden",
    draining: "Auslauf: Neue Sitzungen werden abgewiesen",
    drain: "Auslaufen lassen…",
    resume: "Wieder annehmen…",
    sessions: "Sitzungen",
    down: "Zu den Clients",
    up: "Von den Clients",
    roundTrip: "Umlaufzeit, p50",
    lateness: "Verzug der Schleife",
    opened: "Insgesamt begonnen",
    charts: "Die letzten zehn Minuten",
    rates: "Raten, Mbit/s",
    latency: "Umlaufzeit, ms",
    lag: "Verzug der Schleife, ms",
    liveSessions: "Laufende Sitzungen",
    kill: "Gewählte beenden…",
    killMatching: "Alle passenden beenden…",
    filter: "Filter",
    group: "Nach Haushalt gruppieren",
    apply: "Anwenden",
    clear: "Alle zeigen",
    noSessions: "Zurzeit läuft keine Sitzung.",
    before: "Zurück",
    next: "Weiter",
    workers: "Worker",
    closes: "Warum Sitzungen endeten",
    noCloses: "Seit dem Start hat keine Sitzung geendet.",
    grades: "Noten nach Tagen",
    runs: "Letzte Läufe",
    noRuns: "Es wurde noch kein Lauf gemeldet.",
    reason: "Grund",
    cancel: "Abbrechen",
  },
  columns: {
    sessions: {
      select: "Wählen",
      user: "Benutzer",
      profile: "Profil",
      state: "Zustand",
      verdict: "Client",
      age: "Alter",
      evidence: "Lebenszeichen",
      down: "Ab, Mbit/s",
      up: "Auf, Mbit/s",
      roundTrip: "Umlauf, ms",
      sent: "Gesendet",
      received: "Empfangen",
      peer: "Adresse",
      worker: "Worker",
    },
    workers: {
      name: "Worker",
      state: "Zustand",
      sessions: "Sitzungen",
      lag: "Verzug, ms",
      slow: "Langsame Durchgänge, 5 min",
      longest: "Längste Lücke, ms",
      memory: "Speicher",
      restarts: "Neustarts",
      pid: "PID",
    },
    closes: { reason: "Grund", recent: "Letzte 5 min", count: "Seit dem Start", share: "Anteil" },
    runs: {
      at: "Wann",
      grade: "Note",
      increase: "Mehr Verzögerung, ms",
      baseline: "Ohne Last, ms",
      network: "Netz",
      client: "Client",
      link: "Bericht",
    },
  },
  words: {
    serving: "In Betrieb",
    starting: "Startet",
    draining: "Läuft aus",
    stopping: "Hält an",
    ready: "bereit",
    unresponsive: "antwortet nicht",
    backoff: "abgestürzt, startet neu",
    active: "aktiv",
    quiet: "still",
    closing: "schließt",
    live: "lebt",
    frozen: "eingefroren",
    silent: "stumm",
    client_stopped: "vom Client beendet",
    client_closed: "vom Client geschlossen",
    connection_lost: "Verbindung verloren",
    probes_failed: "Proben unbeantwortet",
    inactive: "untätig",
    max_duration: "Höchstdauer",
    protocol_error: "Protokollfehler",
    killed: "vom Betreiber beendet",
    drained: "Auslauf",
    emergency: "Notabschaltung",
    worker_lost: "Worker verloren",
    overloaded: "überlastet",
    internal: "interner Fehler",
    flooding: "zu viele Frames",
    text_too_large: "zu großer Text",
    unread: "Antworten ungelesen",
    excess_upload: "zu viel Upload",
    malformed: "fehlerhafte Nachrichten",
    not_websocket: "kein WebSocket",
    viewer: "nur ansehen",
    operator: "Betrieb",
    admin: "Verwaltung",
  },
  about: (version, uptime) => `householdd ${version}, läuft seit ${uptime}`,
  duration: (seconds) => en.duration(seconds).replace(".", ",").replace(" d ", " T "),
  who: (name, role) => `${name} (${role})`,
  anybody: "Nur ansehen",
  wrongToken: "Dieses Token ist nicht bekannt.",
  loggedOut: "Ihr Token gilt nicht mehr. Melden Sie sich neu an.",
  lost: (loss, seconds, at) => {
    const why = {
      lost: "Die Verbindung zu householdd ist verloren.",
      stopped: "householdd wurde angehalten oder startet neu.",
      full: "Zu viele Übersichten sind offen.",
      silent: "householdd antwortet nicht mehr.",
    }[loss];
    const shown = at === undefined ? "" : ` Die Werte sind von ${at}.`;
    return `${why}${shown} Nächster Versuch in ${seconds} s.`;
  },
  drain: (reason, sessions, left) => `„${reason}“. Noch ${sitzungen(sessions)}; was in ${left} noch läuft, wird geschlossen.`,
  drained: (reason) => `„${reason}“. Es läuft keine Sitzung mehr.`,
  history: {
    failing: (problem, waiting) => `Der Verlauf wird nicht geschrieben: ${problem}. ${waiting} Einträge warten.`,
    unreadable: (problem) => `Der Verlauf kann nicht gezeigt werden: ${problem}.`,
  },
  missing: (workers) => `Sitzungen von Worker ${workers.join(", ")} fehlen: Er antwortet nicht.`,
  matching: (total) => `(${total})`,
  page: (page) => `Seite ${page}`,
  select: (user) => `${user} wählen`,
  people: (count) => `${count} ${count === 1 ? "Person" : "Personen"}`,
  probes: (count) => `${count} ${count === 1 ? "Messverbindung" : "Messverbindungen"}`,
  selectAll: "Alle auf dieser Seite wählen",
  minutesAgo: (minutes) => `−${minutes} min`,
  now: "jetzt",
  show: "zeigen",
  showRun: (id) => `Lauf ${id} zeigen`,
  confirm: {
    kill: (count) => ({
      heading: `${sitzungen(count)} beenden?`,
      words: "Die Clients werden benachrichtigt, und ihr Verkehr endet sofort.",
      hint: "Für Clients und im Protokoll sichtbar. Bis zu 200 Zeichen.",
      confirm: `${sitzungen(count)} beenden`,
    }),
    killMatching: (filter, total) => ({
      heading: "Alle passenden Sitzungen beenden?",
      words: `${filter}: Jetzt ${total === 1 ? "passt" : "passen"} ${sitzungen(total)}; beendet werden alle, die beim Bestätigen passen.`,
      hint: "Für Clients und im Protokoll sichtbar. Bis zu 200 Zeichen.",
      confirm: "Alle passenden beenden",
    }),
    drain: {
      heading: "Neue Sitzungen abweisen?",
      words: "Laufende Sitzungen gehen weiter, bis sie enden oder die Zeit um ist; dann wird der Rest geschlossen.",
      hint: "Für alle hier und im Protokoll sichtbar. Bis zu 200 Zeichen.",
      confirm: "Auslaufen lassen",
    },
    resume: {
      heading: "Sitzungen wieder annehmen?",
      words: "Der Auslauf endet. Laufende Sitzungen gehen weiter.",
      hint: "Im Protokoll sichtbar. Bis zu 200 Zeichen.",
      confirm: "Wieder annehmen",
    },
    block: "Adressen der Clients sperren",
    blockChoices: [
      [0, "nein"],
      [60, "1 Minute"],
      [600, "10 Minuten"],
      [3600, "1 Stunde"],
      [86_400, "1 Tag"],
    ],
    deadline: "Den Rest schließen nach",
    deadlineChoices: [
      [30, "30 Sekunden"],
      [300, "5 Minuten"],
      [900, "15 Minuten"],
      [3600, "1 Stunde"],
    ],
  },
  outcome: {
    killed: (counts, blocked) => {
      const parts = [
        `${sitzungen((counts.killed ?? 0) + (counts.scheduled ?? 0))} beendet`,
        ...(counts.already_closed ? [`${counts.already_closed} schon vorher zu Ende`] : []),
        ...(counts.not_found ? [`${counts.not_found} nicht gefunden`] : []),
        ...(blocked > 0 ? [`${plural(blocked, "Adresse", "Adressen")} gesperrt`] : []),
      ];
      return `${parts.join(", ")}.`;
    },
    draining: "Neue Sitzungen werden ab jetzt abgewiesen.",
    resumed: "Sitzungen werden wieder angenommen.",
    failed: (code, problem) =>
      code === "PERMISSION_DENIED"
        ? `Ihre Rolle erlaubt das nicht. ${problem}`
        : problem === ""
          ? "Die Verbindung ging inzwischen verloren. Bitte prüfen Sie, ob die Änderung ausgeführt wurde."
          : problem,
  },
  chart: {
    sessions: (now, most) => `Jetzt ${now} Sitzungen, höchstens ${most} in diesen zehn Minuten.`,
    rates: (down, up) => `Jetzt ${down} Mbit/s zu den Clients und ${up} Mbit/s von ihnen.`,
    latency: (p50, p95) => `Die Hälfte aller Umläufe dauert bis zu ${p50} ms, 95 % bis zu ${p95} ms.`,
    lag: (now, most) => `Jetzt ${now} ms, höchstens ${most} ms in diesen zehn Minuten.`,
    empty: "Es wurde noch nichts gemessen.",
  },
  invalid: "zählt nicht",
  grades: (days, counts) =>
    counts.length === 0
      ? `Keine Läufe in den letzten ${days} Tagen.`
      : `Läufe der letzten ${days} Tage: ${counts.map(([grade, count]) => `${grade === "invalid" ? "zählt nicht" : grade} ${count}`).join(", ")}.`,
};
