import type { Ending } from "../core/ending.js";
import type { Text } from "./text.js";

/** Der Text mit den Worten des Servers am Ende, wo es welche gibt. */
function withReason(text: string, reason: string): string {
  return reason === "" ? `${text}.` : `${text}: ${reason}`;
}

function ending(value: Ending): string {
  switch (value.kind) {
    case "stopped":
      return "Fertig.";
    case "finished":
      return withReason("Vom Server beendet", value.reason);
    case "closed":
      return withReason("Getrennt", value.reason);
    case "restarting":
      return withReason("Der Server hält an oder startet neu", value.reason);
    case "overloaded":
      return withReason("Der Server nimmt gerade keine neuen Tests an", value.reason);
    case "refused":
      return withReason(`Vom Server abgewiesen (HTTP ${value.status})`, value.reason);
    case "blocked":
      return "Der Server antwortet, aber der WebSocket öffnete sich nicht. Ein Proxy oder eine Firewall sperrt ihn vielleicht.";
    case "unreachable":
      return "Der Server antwortet nicht.";
    case "lost":
      return "Die Verbindung ist abgerissen.";
    case "crashed":
      return withReason("Der Browser konnte diesen Teil des Tests nicht ausführen", value.reason);
  }
}

const firstSteps = [
  "Testen Sie einmal mit Netzwerkkabel. Ist das Ergebnis besser, ist das WLAN der Engpass: Gehen Sie näher an den Router, oder nehmen Sie ein Kabel, wo es darauf ankommt.",
  "Starten Sie den Router neu und testen Sie noch einmal.",
];

const queueAdvice = [
  "Schalten Sie im Router Smart Queue Management (SQM) ein. Es heißt manchmal auch fq_codel, CAKE oder „Anti-Bufferbloat“.",
  "Stellen Sie dort 85–95 % der hier gemessenen Geschwindigkeit ein, für Download und Upload.",
];

const otherRouter = "Bietet Ihr Router nichts davon? Ein Router mit OpenWrt und CAKE kann es.";
const atNight = "Lassen Sie bis dahin Updates und Sicherungen nachts laufen.";

export const de: Text = {
  lang: "de",
  labels: {
    title: "Internet-Haushaltstest",
    intro: "So hält Ihr Anschluss durch, wenn alle gleichzeitig online sind.",
    baseline: "Latenz im Leerlauf",
    delay: "Latenz",
    down: "Download",
    up: "Upload",
    peak: "Langsame Momente",
    p50: "ms, typisch",
    p95: "ms",
    house: "Das Haus",
    timeline: "Der Test im Verlauf",
    timelineDelay: "Latenz, ms",
    timelineRate: "Alle zusammen, Mbit/s",
    advice: "Was Sie tun können",
    details: "Einzelheiten für Fachleute",
    detailsDelay: "Paketumlaufzeiten (RTT)",
    detailsRates: "Datenraten, Mbit/s",
    detailsTcp: "TCP-Werte des Servers",
    detailsMethod: "Wie gemessen wird",
    method:
      "Dieser Browser misst Umlaufzeiten über WebSockets mit TLS: auf vier Verbindungen ohne Verkehr im Wechsel (das Messsignal, 20-mal je Sekunde) und auf der Verbindung jeder Person (10-mal je Sekunde). Wird ein späterer Ping des Messsignals zuerst beantwortet, musste TCP den früheren wiederholen: Er zählt als verloren, nicht als langsam. Die Note ist das 95. Perzentil des Messsignals unter Last abzüglich seines Medians im Leerlauf. Die Punkte sind Quality of Outcome (draft-ietf-ippm-qoo), die Sprachqualität folgt dem E-Modell (ITU-T G.107). Downloads zählt dieser Browser, Uploads der Server, jeweils nur Nutzdaten.",
    share: "Speichern und teilen",
    picture: "Bild speichern",
    copyLink: "Link kopieren",
    copy: "JSON kopieren",
    noscript: "Dieser Test braucht JavaScript: Ihr Browser selbst spielt die vier Personen.",
  },
  people: {
    alex: {
      name: "Alex",
      activity: "Online-Spiel",
      need: "Jeder Befehl muss sofort ankommen, 64-mal je Sekunde. Wer zu spät kommt, verliert.",
      note: "",
      moods: { unknown: "Wartet", good: "Läuft flüssig", fair: "Ruckelt", poor: "Unspielbar" },
    },
    sarah: {
      name: "Sarah",
      activity: "Videoanruf",
      need: "Bild und Ton in beide Richtungen. Bei Verzögerung fällt man sich ins Wort.",
      note: "",
      moods: { unknown: "Wartet", good: "Klare Verbindung", fair: "Stockt", poor: "Verbindung bricht ab" },
    },
    jake: {
      name: "Jake",
      activity: "Streaming",
      need: "Lädt in kurzen Schüben. Ist der Puffer leer, bleibt der Film stehen.",
      note: "",
      moods: { unknown: "Wartet", good: "Scharfes Bild", fair: "Unscharfes Bild", poor: "Puffert" },
    },
    computer: {
      name: "Computer",
      activity: "Updates",
      need: "Nimmt sich alles, was der Anschluss hergibt; für die anderen bleibt weniger.",
      note: "Diese Latenz betrifft nur den Download selbst und zählt nicht.",
      moods: { unknown: "Wartet", good: "Lädt", fair: "Lädt", poor: "Lädt" },
    },
  },
  probe: "Messsignal",
  button: { start: "Test starten", stop: "Abbrechen", stopping: "Wird beendet…", again: "Erneut testen", own: "Eigenen Anschluss testen" },
  progress: "Fortschritt des Tests",
  secondsLeft: (seconds) => `noch ${seconds} s`,
  status: {
    idle: (seconds) => `Bereit. Der Test dauert etwa ${seconds} Sekunden und nutzt dabei die volle Geschwindigkeit Ihres Anschlusses.`,
    connecting: "Verbindung wird aufgebaut…",
    running: {
      "idle-baseline": "Messung ohne Last…",
      "warm-up": "Messung der Geschwindigkeit…",
      load: "Alle vier sind online.",
      recovery: "Messung nach der Last…",
    },
    few: (people) => `${people} von 4 sind online.`,
    stopping: "Wird beendet…",
    done: () => "Test beendet.",
    stoppedEarly: (seconds) => `Nach ${seconds} Sekunden abgebrochen.`,
    failed: "Der Test wurde nicht fertig.",
    trouble: (names, text) => (names.length === 0 ? text : `${names.join(", ")}: ${text}`),
    hidden: "Bitte lassen Sie diese Seite im Vordergrund. Browser bremsen verdeckte Seiten, darum kann dieser Test nicht mehr bewertet werden.",
  },
  phases: {
    idle: "Bereit",
    connecting: "Verbindet…",
    running: "Läuft",
    stopping: "Endet…",
    done: "Fertig",
    failed: "Fehlgeschlagen",
  },
  waiting: "Noch nicht",
  traceScale: (topMs) => `Latenz, 0–${topMs} ms`,
  totals: (received, sent) => `${received} geladen, ${sent} gesendet`,
  silent: (seconds) => `Seit ${seconds} s keine Antwort vom Server`,
  ending,
  messages: {
    "verdict.gaming.excellent": "Alex spielt, als wäre sonst niemand online.",
    "verdict.gaming.good": "Alex spielt gut, mit seltenen Rucklern.",
    "verdict.gaming.fair": "Alex bemerkt Verzögerungen, wenn es eng wird.",
    "verdict.gaming.poor": "Alex verliert Kämpfe, weil alles zu spät ankommt.",
    "verdict.gaming.unusable": "Alex kann nicht spielen, solange die anderen online sind.",
    "verdict.gaming.unknown": "Es wurde zu wenig gemessen, um Alex’ Spiel zu beurteilen.",
    "verdict.video_call.excellent": "Sarahs Anruf ist einwandfrei.",
    "verdict.video_call.good": "Sarahs Anruf ist gut, mit seltenen Aussetzern.",
    "verdict.video_call.fair": "Sarah und die anderen fallen sich manchmal ins Wort.",
    "verdict.video_call.poor": "Sarahs Anruf bricht immer wieder ab.",
    "verdict.video_call.unusable": "Sarah muss auflegen.",
    "verdict.video_call.unknown": "Es wurde zu wenig gemessen, um Sarahs Anruf zu beurteilen.",
    "verdict.streaming.excellent": "Jakes Film läuft scharf und ohne Unterbrechung.",
    "verdict.streaming.good": "Jakes Film läuft, manchmal etwas unscharf.",
    "verdict.streaming.fair": "Jakes Film wird unscharf oder hält kurz an.",
    "verdict.streaming.poor": "Jakes Film bleibt zu oft stehen, um nachzuladen.",
    "verdict.streaming.unusable": "Jake kann nicht schauen: Der Anschluss ist zu langsam für seinen Film.",
    "verdict.streaming.unknown": "Es wurde zu wenig gemessen, um Jakes Film zu beurteilen.",
    "verdict.bulk_transfer.excellent": "Der Computer lädt seine Updates schnell und lässt den anderen genug übrig.",
    "verdict.bulk_transfer.good": "Der Computer lädt seine Updates; die anderen merken kaum etwas davon.",
    "verdict.bulk_transfer.fair": "Während der Computer lädt, öffnen sich Seiten langsam.",
    "verdict.bulk_transfer.poor": "Während der Computer lädt, ist alles langsam.",
    "verdict.bulk_transfer.unusable": "Während der Computer lädt, geht sonst nichts mehr.",
    "verdict.bulk_transfer.unknown": "Es wurde zu wenig gemessen, um die Updates zu beurteilen.",
    "invalid.tab_hidden":
      "Diese Seite war zeitweise verdeckt, und verdeckte Seiten bremst der Browser. Bitte testen Sie noch einmal und lassen Sie die Seite im Vordergrund.",
    "invalid.clock_jump": "Die Uhr dieses Geräts ist gesprungen, oder das Gerät war im Ruhezustand. Bitte testen Sie noch einmal.",
    "invalid.client_overloaded":
      "Dieses Gerät war zu ausgelastet zum Messen. Bitte schließen Sie andere Programme und Tabs und testen Sie noch einmal.",
    "invalid.server_overloaded": "Der Server war für diesen Test zu ausgelastet. Bitte versuchen Sie es in einigen Minuten noch einmal.",
    "invalid.server_limited":
      "Der Server war der Engpass, nicht Ihr Anschluss. Bitte versuchen Sie es in einigen Minuten noch einmal.",
    "invalid.stopped_early": "Der Test wurde vorzeitig abgebrochen. Bitte lassen Sie ihn bis zum Ende laufen.",
    "invalid.connection_lost":
      "Während des Tests ist eine Verbindung abgebrochen. Bitte testen Sie noch einmal; geschieht das öfter, melden Sie es Ihrem Anbieter.",
    "invalid.too_few_samples": "Zu wenige Messwerte. Bitte lassen Sie den Test noch einmal bis zum Ende laufen.",
    "loss.hidden_by_tcp":
      "Verluste misst das Messsignal. In der Verbindung einer Person wiederholt TCP verlorene Pakete, darum zeigen sie sich dort als Verzögerung.",
  },
  grades: {
    "A+": {
      title: "Hervorragend",
      meaning: "Niemand merkt, dass die anderen online sind.",
      advice: ["Nichts. Ihr Router hält seine Warteschlangen kurz."],
    },
    A: {
      title: "Sehr gut",
      meaning: "Alle können gleichzeitig online sein, auch mit Spielen und Anrufen.",
      advice: ["Nichts. Ihr Anschluss bleibt auch unter Last schnell."],
    },
    B: {
      title: "Gut",
      meaning: "Ist der Anschluss ausgelastet, kommt etwas Verzögerung dazu; schnelle Spiele spüren das vielleicht.",
      advice: ["Wenn Ihnen Spiele wichtig sind, beseitigt eine Einstellung im Router den Rest der Verzögerung.", ...queueAdvice],
    },
    C: {
      title: "Mäßig",
      meaning: "Ist der Anschluss ausgelastet, kommt Verzögerung dazu, die Spiele und Anrufe spüren können.",
      advice: [...firstSteps, ...queueAdvice, otherRouter],
    },
    D: {
      title: "Schlecht",
      meaning: "Ist der Anschluss ausgelastet, kommt so viel Verzögerung dazu, dass Spiele und Anrufe leiden.",
      advice: [...firstSteps, ...queueAdvice, otherRouter, atNight],
    },
    F: {
      title: "Sehr schlecht",
      meaning: "Ist der Anschluss ausgelastet, kommt so viel Verzögerung dazu, dass Anrufe und Spiele kaum noch möglich sind.",
      advice: [...firstSteps, ...queueAdvice, `${otherRouter} Sie können auch Ihren Anbieter nach Bufferbloat fragen.`, atNight],
    },
  },
  adviceRate:
    "Der Anschluss war für mindestens eine Person zu langsam. Testen Sie einmal mit Netzwerkkabel; ändert das nichts, fragen Sie Ihren Anbieter nach einem schnelleren Tarif.",
  report: {
    grade: (grade) => `Note ${grade}`,
    noGrade: "Keine Note",
    invalid: "Dieser Test wurde nicht bewertet:",
    increase: (baseline, loaded, added) =>
      `Im Leerlauf antwortet Ihr Anschluss in ${baseline} ms. Sind alle online, kommen 19 von 20 Antworten in höchstens ${loaded} ms: ${added} ms mehr.`,
    loss: (percent) => `${percent} % der kleinen Pakete gingen verloren und mussten wiederholt werden.`,
    score: (score) => `${score} von 100`,
    stalled: (seconds) => `Das Bild stand insgesamt ${seconds} s still.`,
    noStalls: "Das Bild blieb nie stehen.",
    stalls: (count, seconds) => `Das Bild blieb ${count === 1 ? "einmal" : `${count}-mal`} stehen, insgesamt ${seconds} s.`,
    neverStarted: "Der Film startete nicht.",
    mos: (mos) => `Sprachqualität: ${mos} von 4,5 (MOS).`,
    rate: (mbps) => `Er erhielt ${mbps} Mbit/s.`,
    warmUp: (line, computer) =>
      `Allein am Anschluss erhielt der Computer ${line} Mbit/s. Als alle online waren, forderte er höchstens ${computer} Mbit/s an.`,
  },
  chart: {
    baseline: "Leerlauf",
    warmUp: "Tempo",
    load: "alle online",
    recovery: "danach",
    delay: (idle, p50, p95) =>
      `Latenz im Verlauf. Im Leerlauf ${idle} ms. Wenn alle online sind, typisch ${p50} ms; 19 von 20 Antworten kommen in höchstens ${p95} ms.`,
    rate: (down, up) => `Geschwindigkeit im Verlauf. Zusammen im Mittel ${down} Mbit/s Download und ${up} Mbit/s Upload.`,
    empty: "Noch nichts gemessen.",
  },
  table: {
    columns: {
      who: "Verbindung",
      samples: "Antworten",
      p50: "p50, ms",
      p95: "p95, ms",
      p99: "p99, ms",
      increase: "p95 über Leerlauf, ms",
      jitter: "Jitter, ms",
      lost: "Verloren",
      downWanted: "Download Soll",
      downGot: "Download Ist",
      upWanted: "Upload Soll",
      upGot: "Upload Ist",
      share: "Anteil",
      rtt: "Umlaufzeit, ms",
      minRtt: "Minimum, ms",
      retransmits: "Wiederholt",
      delivery: "Zustellrate, Mbit/s",
      congestionControl: "Überlastkontrolle (Congestion Control)",
    },
    idle: "Messsignal im Leerlauf",
    loaded: "Messsignal unter Last",
    own: (name) => name,
    ownQueue: (name) => `${name} (eigene Warteschlange)`,
  },
  stored: {
    loading: "Das Ergebnis wird geladen…",
    headline: (when) => `Ergebnis vom ${when}.`,
    about: "Dieses Ergebnis stammt von der Person, die Ihnen den Link geschickt hat. Über Ihren eigenen Anschluss sagt es nichts.",
    unknown: "Zu diesem Link gibt es kein Ergebnis (mehr), oder ein Teil des Links fehlt.",
    unavailable: "Dieses Ergebnis lässt sich gerade nicht anzeigen. Bitte versuchen Sie es später noch einmal.",
  },
  share: {
    copied: "Kopiert.",
    notCopied: "Der Browser erlaubt das Kopieren hier nicht; bitte herunterladen.",
    linkNotCopied: "Der Browser erlaubt das Kopieren hier nicht; der Link steht unter den Knöpfen.",
    card: "So hält unser Internet durch",
    downAndUp: (down, up) => `${down} Mbit/s Download · ${up} Mbit/s Upload, alle zusammen`,
  },
};
