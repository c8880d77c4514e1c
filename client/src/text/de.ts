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

const queueAdvice = [
  "Im Router das Warteschlangen-Management einschalten. Es heißt dort etwa SQM, fq_codel, CAKE oder „Anti-Bufferbloat“.",
  "Seine Grenzen auf 85–95 % dessen setzen, was der Anschluss schafft, in beiden Richtungen: Dann entsteht die Schlange dort, wo sie sich lenken lässt.",
];

export const de: Text = {
  lang: "de",
  labels: {
    title: "Haushaltstest",
    intro: "Vier Leute, ein Anschluss: So ergeht es jedem, wenn alle zugleich online sind.",
    baseline: "Latenz in Ruhe",
    delay: "Latenz",
    down: "Ab",
    up: "Auf",
    peak: "Spitze",
    p50: "ms, p50",
    p95: "ms, p95",
    house: "Das Haus",
    timeline: "Der Verlauf",
    timelineDelay: "Latenz, ms",
    timelineRate: "Alle zusammen, Mbit/s",
    advice: "Was man tun kann",
    details: "Einzelheiten für Fachleute",
    detailsDelay: "Umlaufzeiten",
    detailsRates: "Raten, Mbit/s",
    detailsTcp: "Aus Sicht von TCP am Server",
    detailsMethod: "Wie gemessen wird",
    method:
      "Umlaufzeiten misst dieser Browser über WebSockets mit TLS: auf vier eigenen Verbindungen ohne Verkehr reihum (die Sonde, 20 je Sekunde) und auf der jeder Person (10 je Sekunde). Ein Ping der Sonde, dessen Antwort nach der auf einen späteren kommt, ging verloren und wurde von TCP wiederholt: er zählt als verloren, nicht als langsam. Die Note ergibt sich aus dem 95. Perzentil der Sonde unter Last über ihrem Median in Ruhe. Die Punkte sind Quality of Outcome (draft-ietf-ippm-qoo), der Anruf ist das E-Modell (ITU-T G.107). Downloads zählt der Browser, Uploads der Server, jeweils nur Nutzdaten.",
    share: "Behalten und teilen",
    picture: "Bild speichern",
    copyLink: "Link kopieren",
    copy: "JSON kopieren",
    noscript: "Dieser Test braucht JavaScript: Der Browser selbst spielt die vier Leute.",
  },
  people: {
    alex: {
      name: "Alex",
      activity: "Online-Spiel",
      need: "Jeder Zug muss sofort ankommen, 64-mal je Sekunde. Wer zu spät kommt, verliert.",
      note: "",
      moods: { unknown: "Wartet", good: "Läuft flüssig", fair: "Ruckelt", poor: "Unspielbar" },
    },
    sarah: {
      name: "Sarah",
      activity: "Videoanruf",
      need: "Bild und Ton in beide Richtungen. Bei Verzögerung fällt man sich ins Wort.",
      note: "",
      moods: { unknown: "Wartet", good: "Klarer Anruf", fair: "Stockt", poor: "Bricht ab" },
    },
    jake: {
      name: "Jake",
      activity: "Streaming",
      need: "Eine Sekunde mit voller Kraft, dann vier Stille. Ist der Puffer leer, steht der Film.",
      note: "",
      moods: { unknown: "Wartet", good: "Scharfes Bild", fair: "Weiches Bild", poor: "Lädt nach" },
    },
    computer: {
      name: "Computer",
      activity: "Updates",
      need: "Nimmt alles, was der Anschluss trägt, und damit den anderen den Platz.",
      note: "Die Latenz hier ist die eigene Warteschlange, nicht die des Anschlusses. Sie zählt nicht für die Note.",
      moods: { unknown: "Wartet", good: "Lädt", fair: "Lädt", poor: "Lädt" },
    },
  },
  probe: "Sonde",
  button: { start: "Test starten", stop: "Anhalten", stopping: "Hält an…", again: "Noch einmal", own: "Selbst testen" },
  progress: "Fortschritt des Tests",
  secondsLeft: (seconds) => `noch ${seconds} s`,
  status: {
    idle: (seconds) => `Bereit. Es dauert ${seconds} Sekunden und bewegt so viele Daten, wie der Anschluss schafft.`,
    connecting: "Verbindet…",
    running: {
      "idle-baseline": "Misst den Anschluss in Ruhe…",
      "warm-up": "Findet heraus, was der Anschluss schafft…",
      load: "Läuft: Alle vier sind online.",
      recovery: "Beobachtet, wie sich der Anschluss erholt…",
    },
    few: (people) => `Läuft mit ${people} von 4.`,
    stopping: "Hält an…",
    done: (seconds) => `Fertig: ${seconds} Sekunden mit allen zugleich online.`,
    stoppedEarly: (seconds) => `Nach ${seconds} Sekunden angehalten.`,
    failed: "Der Test kam nicht bis zum Ende.",
    trouble: (names, text) => (names.length === 0 ? text : `${names.join(", ")}: ${text}`),
    hidden: "Die Seite war nicht zu sehen, und dann bremst der Browser sie: Das Ergebnis wird nicht zählen. Bitte im Blick behalten.",
  },
  phases: {
    idle: "Bereit",
    connecting: "Verbindet…",
    running: "Läuft",
    stopping: "Hört auf…",
    done: "Fertig",
    failed: "Gescheitert",
  },
  waiting: "Noch nicht",
  traceScale: (topMs) => `Latenz, 0–${topMs} ms`,
  totals: (received, sent) => `${received} ab, ${sent} auf`,
  silent: (seconds) => `Seit ${seconds} s keine Antwort vom Server`,
  ending,
  messages: {
    "verdict.gaming.excellent": "Alex spielt wie allein am Anschluss.",
    "verdict.gaming.good": "Alex spielt gut; ein schnelles Auge sieht ab und zu ein Stocken.",
    "verdict.gaming.fair": "Alex würde in Kämpfen Verzögerungen bemerken.",
    "verdict.gaming.poor": "Alex verliert Kämpfe, weil alles zu spät kommt.",
    "verdict.gaming.unusable": "Alex kann nicht spielen, solange die anderen online sind.",
    "verdict.gaming.unknown": "Es wurde zu wenig gemessen, um zu sagen, wie Alex spielt.",
    "verdict.video_call.excellent": "Sarahs Anruf ist so klar, wie es nur geht.",
    "verdict.video_call.good": "Sarahs Anruf ist gut, mit einem Aussetzer ab und zu.",
    "verdict.video_call.fair": "Sarah und die anderen fallen sich manchmal ins Wort.",
    "verdict.video_call.poor": "Sarahs Anruf bricht immer wieder ab.",
    "verdict.video_call.unusable": "Sarah muss auflegen.",
    "verdict.video_call.unknown": "Es wurde zu wenig gemessen, um zu sagen, wie Sarahs Anruf ist.",
    "verdict.streaming.excellent": "Jakes Film läuft scharf und ohne Halt.",
    "verdict.streaming.good": "Jakes Film läuft, manchmal etwas weicher.",
    "verdict.streaming.fair": "Jakes Film wird unscharf oder hält kurz an.",
    "verdict.streaming.poor": "Jake wartet zu oft, bis sein Film nachgeladen hat.",
    "verdict.streaming.unusable": "Jake kann nicht schauen: Für seinen Film bleibt zu wenig.",
    "verdict.streaming.unknown": "Es wurde zu wenig gemessen, um zu sagen, wie Jakes Film läuft.",
    "verdict.bulk_transfer.excellent": "Der Computer bekommt seine Updates und lässt den anderen Platz.",
    "verdict.bulk_transfer.good": "Der Computer bekommt seine Updates; die anderen merken wenig davon.",
    "verdict.bulk_transfer.fair": "Während der Computer lädt, öffnen sich Seiten langsam.",
    "verdict.bulk_transfer.poor": "Während der Computer lädt, ist alles langsam.",
    "verdict.bulk_transfer.unusable": "Während der Computer lädt, ist der Anschluss so gut wie blockiert.",
    "verdict.bulk_transfer.unknown": "Es wurde zu wenig gemessen, um die Updates zu beurteilen.",
    "invalid.tab_hidden": "Die Seite war eine Zeit lang nicht zu sehen, und solche Seiten bremst der Browser.",
    "invalid.clock_jump": "Die Uhr dieses Geräts ist gesprungen, oder das Gerät hat geschlafen.",
    "invalid.client_overloaded": "Dieses Gerät war zu beschäftigt zum Messen; schließen Sie andere Programme und Tabs.",
    "invalid.server_overloaded": "Der Server war für diesen Test zu beschäftigt.",
    "invalid.server_limited": "Der Server war die Grenze, nicht Ihr Anschluss.",
    "invalid.stopped_early": "Der Test wurde vor seinem Ende angehalten.",
    "invalid.connection_lost": "Unterwegs ist eine Verbindung abgerissen oder geschlossen worden.",
    "invalid.too_few_samples": "Es kamen zu wenige Antworten für ein Urteil.",
    "loss.hidden_by_tcp": "Verluste sind die der Sonde. In der Verbindung einer Person wiederholt TCP, was verloren ging, dort zeigen sie sich als Verzögerung.",
  },
  grades: {
    "A+": {
      title: "Hervorragend",
      meaning: "Niemand im Haus bemerkt die anderen.",
      advice: ["Nichts. Der Router hält seine Warteschlangen kurz; so lassen."],
    },
    A: {
      title: "Sehr gut",
      meaning: "Alle können zugleich online sein, auch mit Spielen und Anrufen.",
      advice: ["Nichts, was nötig wäre. Der Anschluss bleibt unter Last schnell."],
    },
    B: {
      title: "Gut",
      meaning: "Viel Verkehr bringt etwas Verzögerung; schnelle Spiele spüren das vielleicht.",
      advice: ["Wem Spiele wichtig sind: Eine Einstellung im Router holt den Rest.", ...queueAdvice],
    },
    C: {
      title: "Mäßig",
      meaning: "Viel Verkehr bringt Verzögerung, die Spiele und Anrufe spüren können.",
      advice: [...queueAdvice, "Der Router bietet nichts davon? Einer mit OpenWrt und CAKE kann es."],
    },
    D: {
      title: "Schlecht",
      meaning: "Viel Verkehr bringt so viel Verzögerung, dass Spiele und Anrufe leiden.",
      advice: [
        ...queueAdvice,
        "Der Router bietet nichts davon? Einer mit OpenWrt und CAKE kann es.",
        "Bis dahin Updates und Sicherungen nachts laufen lassen.",
      ],
    },
    F: {
      title: "Sehr schlecht",
      meaning: "Viel Verkehr bringt so viel Verzögerung, dass kaum noch etwas live geht.",
      advice: [
        ...queueAdvice,
        "Der Router bietet nichts davon? Einer mit OpenWrt und CAKE kann es; oder den Anbieter nach Bufferbloat fragen.",
        "Bis dahin Updates und Sicherungen nachts laufen lassen.",
      ],
    },
  },
  adviceRate:
    "Jemand bekam zu wenig von der Rate, die er braucht: einmal mit Kabel testen, um zu sehen, ob das WLAN die enge Stelle ist, und wenn nicht, einen schnelleren Anschluss wählen.",
  report: {
    grade: (grade) => `Note ${grade}`,
    noGrade: "Keine Note",
    invalid: "Dieser Lauf zählt nicht, darum gibt es keine Note:",
    increase: (baseline, loaded, added) =>
      `In Ruhe antwortet der Anschluss in ${baseline} ms. Mit allen zugleich im schlechten Fall in ${loaded} ms (95. Perzentil): ${added} ms mehr.`,
    loss: (percent) => `${percent} % der kleinen Pakete gingen verloren und mussten wiederholt werden.`,
    score: (score) => `${score} von 100`,
    stalled: (seconds) => `Das Bild stand zusammen ${seconds} s.`,
    noStalls: "Das Bild blieb nie stehen.",
    stalls: (count, seconds) => `Das Bild blieb ${count === 1 ? "einmal" : `${count}-mal`} stehen, zusammen ${seconds} s.`,
    neverStarted: "Das Bild kam nie.",
    mos: (mos) => `Sprachqualität (MOS): ${mos} von 4,5.`,
    rate: (mbps) => `Es kamen ${mbps} Mbit/s an.`,
    warmUp: (line, computer) =>
      `Allein am Anschluss bekam der Computer ${line} Mbit/s, also bat er mit allen online um bis zu ${computer} Mbit/s.`,
  },
  chart: {
    baseline: "in Ruhe",
    warmUp: "Aufwärmen",
    load: "alle online",
    recovery: "Erholung",
    delay: (idle, p50, p95) =>
      `Latenz über die Zeit. In Ruhe ${idle} ms. Mit allen online in der Mitte ${p50} ms und im 95. Perzentil ${p95} ms.`,
    rate: (down, up) => `Raten über die Zeit. Alle zusammen im Mittel ${down} Mbit/s ab und ${up} Mbit/s auf.`,
    empty: "Noch nichts gemessen.",
  },
  table: {
    columns: {
      who: "Verbindung",
      samples: "Antworten",
      p50: "p50, ms",
      p95: "p95, ms",
      p99: "p99, ms",
      increase: "p95 über Ruhe, ms",
      jitter: "Jitter, ms",
      lost: "Verloren",
      downWanted: "Ab, gewollt",
      downGot: "Ab, bekommen",
      upWanted: "Auf, gewollt",
      upGot: "Auf, bekommen",
      share: "Anteil",
      rtt: "Umlaufzeit, ms",
      minRtt: "Kleinste, ms",
      retransmits: "Wiederholt",
      delivery: "Zugestellt, Mbit/s",
      congestionControl: "Staukontrolle",
    },
    idle: "Sonde in Ruhe",
    loaded: "Sonde unter Last",
    own: (name) => name,
    ownQueue: (name) => `${name} (eigene Warteschlange)`,
  },
  stored: {
    loading: "Der Lauf wird geladen…",
    headline: (when) => `Ein gespeicherter Lauf vom ${when}.`,
    about: "Das wurde damals gemessen, von wem auch immer der Link kam. Über den eigenen Anschluss sagt es nichts.",
    unknown: "Hinter diesem Link steht kein Lauf. Er wurde nach einiger Zeit gelöscht, oder am Link fehlt ein Stück.",
    unavailable: "Dieser Lauf lässt sich gerade nicht zeigen: Der Server antwortet nicht, wie er sollte. Später noch einmal versuchen.",
  },
  share: {
    copied: "Kopiert.",
    notCopied: "Der Browser erlaubt das Kopieren hier nicht; stattdessen herunterladen.",
    linkNotCopied: "Der Browser erlaubt das Kopieren hier nicht; der Link steht unter den Knöpfen.",
    card: "So ergeht es unserem Haushalt",
    downAndUp: (down, up) => `${down} Mbit/s ab · ${up} Mbit/s auf, alle zusammen`,
  },
};
