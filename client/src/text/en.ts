import type { Ending } from "../core/ending.js";
import type { Text } from "./text.js";

/** The text with the server's words at its end, where there are any. */
function withReason(text: string, reason: string): string {
  return reason === "" ? `${text}.` : `${text}: ${reason}`;
}

function ending(value: Ending): string {
  switch (value.kind) {
    case "stopped":
      return "Finished.";
    case "finished":
      return withReason("Ended by the server", value.reason);
    case "closed":
      return withReason("Disconnected", value.reason);
    case "restarting":
      return withReason("The server is stopping or restarting", value.reason);
    case "overloaded":
      return withReason("The server takes no new tests at the moment", value.reason);
    case "refused":
      return withReason(`Refused by the server (HTTP ${value.status})`, value.reason);
    case "blocked":
      return "The server answers, but the WebSocket did not open. A proxy or firewall may block it.";
    case "unreachable":
      return "The server does not answer.";
    case "lost":
      return "The connection was lost.";
    case "crashed":
      return withReason("The browser could not run this part of the test", value.reason);
  }
}

const firstSteps = [
  "Test once with a network cable. If the result is better, the Wi-Fi is the bottleneck: move closer to the router, or use a cable where it matters.",
  "Restart the router and test again.",
];

const queueAdvice = [
  "Turn on smart queue management (SQM) in your router. It may also be called fq_codel, CAKE or “anti-bufferbloat”.",
  "Set its limits to 85–95% of the speed measured here, for download and upload.",
];

const otherRouter = "If your router offers none of these, one with OpenWrt and CAKE does.";
const atNight = "Until then, let updates and backups run at night.";

export const en: Text = {
  lang: "en",
  labels: {
    title: "Home internet stress test",
    intro: "See how your connection holds up when everyone is online at the same time.",
    baseline: "Idle delay",
    delay: "Delay",
    down: "Download",
    up: "Upload",
    peak: "Slow moments",
    p50: "ms, typical",
    p95: "ms",
    house: "The house",
    timeline: "The test over time",
    timelineDelay: "Delay, ms",
    timelineRate: "Everyone together, Mbit/s",
    advice: "What you can do",
    details: "Details for experts",
    detailsDelay: "Round-trip times",
    detailsRates: "Rates, Mbit/s",
    detailsTcp: "TCP statistics of the server",
    detailsMethod: "How this is measured",
    method:
      "This browser measures round-trip times over WebSockets with TLS: on four connections without traffic that take turns (the test signal, 20 a second), and on each person’s own connection (10 a second). If a later ping of the test signal is answered first, TCP had to send the earlier one again: it counts as lost, not as slow. The grade is the 95th percentile of the test signal under load minus its median when idle. The scores are Quality of Outcome (draft-ietf-ippm-qoo); call quality follows the E-model (ITU-T G.107). This browser counts downloads and the server counts uploads; both count payload only.",
    share: "Save and share",
    picture: "Save picture",
    copyLink: "Copy link",
    copy: "Copy JSON",
    noscript: "This test needs JavaScript: your browser itself plays the four people.",
  },
  people: {
    alex: {
      name: "Alex",
      activity: "Online game",
      need: "Every move has to arrive at once, 64 times a second. Lag costs the match.",
      note: "",
      moods: { unknown: "Waiting", good: "Smooth play", fair: "Laggy", poor: "Unplayable" },
    },
    sarah: {
      name: "Sarah",
      activity: "Video call",
      need: "Picture and voice, both ways. Delay makes people talk over each other.",
      note: "",
      moods: { unknown: "Waiting", good: "Clear call", fair: "Choppy call", poor: "Breaking up" },
    },
    jake: {
      name: "Jake",
      activity: "Streaming TV",
      need: "Loads in short bursts. If the buffer runs dry, the film stops.",
      note: "",
      moods: { unknown: "Waiting", good: "Sharp picture", fair: "Blurry picture", poor: "Buffering" },
    },
    computer: {
      name: "Computer",
      activity: "Updates",
      need: "Takes all the speed it can get, leaving less for everyone else.",
      note: "This delay affects only the download itself; it does not count.",
      moods: { unknown: "Waiting", good: "Updating", fair: "Updating", poor: "Updating" },
    },
  },
  probe: "Test signal",
  button: { start: "Start the test", stop: "Stop", stopping: "Stopping…", again: "Run again", own: "Test your own connection" },
  progress: "Progress of the test",
  secondsLeft: (seconds) => `${seconds} s left`,
  status: {
    idle: (seconds) => `Ready. The test takes about ${seconds} seconds and uses the full speed of your connection.`,
    connecting: "Connecting…",
    running: {
      "idle-baseline": "Measuring your idle connection…",
      "warm-up": "Measuring your speed…",
      load: "All four are online.",
      recovery: "Watching your connection recover…",
    },
    few: (people) => `${people} of 4 are online.`,
    stopping: "Stopping…",
    done: () => "Test finished.",
    stoppedEarly: (seconds) => `Stopped after ${seconds} seconds.`,
    failed: "The test did not finish.",
    trouble: (names, text) => (names.length === 0 ? text : `${names.join(", ")}: ${text}`),
    hidden: "Please keep this page in view. Browsers slow hidden pages down, so this test can no longer be graded.",
  },
  phases: {
    idle: "Ready",
    connecting: "Connecting…",
    running: "Running",
    stopping: "Finishing…",
    done: "Finished",
    failed: "Failed",
  },
  waiting: "Not yet",
  traceScale: (topMs) => `delay, 0–${topMs} ms`,
  totals: (received, sent) => `${received} downloaded, ${sent} uploaded`,
  silent: (seconds) => `No answer from the server for ${seconds} s`,
  ending,
  messages: {
    "verdict.gaming.excellent": "Alex plays as if no one else were online.",
    "verdict.gaming.good": "Alex plays well, with a rare stutter.",
    "verdict.gaming.fair": "Alex notices lag in close fights.",
    "verdict.gaming.poor": "Alex loses fights to lag.",
    "verdict.gaming.unusable": "Alex cannot play while the others are online.",
    "verdict.gaming.unknown": "Too little was measured to judge Alex’s game.",
    "verdict.video_call.excellent": "Sarah’s call is perfectly clear.",
    "verdict.video_call.good": "Sarah’s call is good, with a rare hitch.",
    "verdict.video_call.fair": "Sarah and the others sometimes talk over each other.",
    "verdict.video_call.poor": "Sarah’s call keeps breaking up.",
    "verdict.video_call.unusable": "Sarah has to hang up.",
    "verdict.video_call.unknown": "Too little was measured to judge Sarah’s call.",
    "verdict.streaming.excellent": "Jake’s film plays sharp, without interruption.",
    "verdict.streaming.good": "Jake’s film plays, a little blurry at times.",
    "verdict.streaming.fair": "Jake’s film turns blurry or pauses briefly.",
    "verdict.streaming.poor": "Jake’s film stops to load too often.",
    "verdict.streaming.unusable": "Jake cannot watch: the connection is too slow for his film.",
    "verdict.streaming.unknown": "Too little was measured to judge Jake’s film.",
    "verdict.bulk_transfer.excellent": "The Computer updates quickly and leaves room for the others.",
    "verdict.bulk_transfer.good": "The Computer updates; the others hardly notice.",
    "verdict.bulk_transfer.fair": "While the Computer updates, pages open slowly.",
    "verdict.bulk_transfer.poor": "While the Computer updates, everything is slow.",
    "verdict.bulk_transfer.unusable": "While the Computer updates, nothing else gets through.",
    "verdict.bulk_transfer.unknown": "Too little was measured to judge the Computer’s updates.",
    "invalid.tab_hidden": "This page was hidden for a while, and browsers slow hidden pages down. Run the test again and keep the page in view.",
    "invalid.clock_jump": "This device’s clock jumped, or the device was asleep. Run the test again.",
    "invalid.client_overloaded": "This device was too busy to measure. Close other programs and tabs, then run the test again.",
    "invalid.server_overloaded": "The server was too busy for this test. Try again in a few minutes.",
    "invalid.server_limited": "The server was the limit, not your connection. Try again in a few minutes.",
    "invalid.stopped_early": "The test was stopped before its end. Run it again for the full time.",
    "invalid.connection_lost": "A connection was lost during the test. Run it again; if this keeps happening, tell your provider.",
    "invalid.too_few_samples": "Too few measurements. Run the test again for the full time.",
    "loss.hidden_by_tcp":
      "Loss is measured with the test signal. On a person’s own connection TCP sends lost packets again, so loss shows there as delay.",
  },
  grades: {
    "A+": {
      title: "Superb",
      meaning: "No one notices when the others are online.",
      advice: ["Nothing. Your router keeps its queues short."],
    },
    A: {
      title: "Very good",
      meaning: "Everyone can be online at once, games and calls included.",
      advice: ["Nothing. Your connection stays quick under load."],
    },
    B: {
      title: "Good",
      meaning: "A busy connection adds a little delay; fast games may feel it.",
      advice: ["If games matter to you, a setting of the router removes the rest of the delay.", ...queueAdvice],
    },
    C: {
      title: "Fair",
      meaning: "A busy connection adds delay that games and calls can feel.",
      advice: [...firstSteps, ...queueAdvice, otherRouter],
    },
    D: {
      title: "Poor",
      meaning: "A busy connection adds so much delay that games and calls suffer.",
      advice: [...firstSteps, ...queueAdvice, otherRouter, atNight],
    },
    F: {
      title: "Bad",
      meaning: "A busy connection adds so much delay that calls and games barely work.",
      advice: [...firstSteps, ...queueAdvice, `${otherRouter} You can also ask your provider about bufferbloat.`, atNight],
    },
  },
  adviceRate:
    "Your connection was too slow for at least one person. Test once with a network cable; if that changes nothing, ask your provider about a faster plan.",
  report: {
    grade: (grade) => `Grade ${grade}`,
    noGrade: "No grade",
    invalid: "This test could not be graded:",
    increase: (baseline, loaded, added) =>
      `When idle, your connection answers in ${baseline} ms. With everyone online, 19 of 20 answers came within ${loaded} ms: ${added} ms more.`,
    loss: (percent) => `${percent}% of small packets were lost and had to be sent again.`,
    score: (score) => `${score} of 100`,
    stalled: (seconds) => `The picture froze for ${seconds} s in total.`,
    noStalls: "The picture never froze.",
    stalls: (count, seconds) => `The picture froze ${count === 1 ? "once" : `${count} times`}, for ${seconds} s in total.`,
    neverStarted: "The film never started.",
    mos: (mos) => `Call quality: ${mos} of 4.5 (MOS).`,
    rate: (mbps) => `It received ${mbps} Mbit/s.`,
    warmUp: (line, computer) =>
      `Alone on the connection the Computer received ${line} Mbit/s. With everyone online it asked for at most ${computer} Mbit/s.`,
  },
  chart: {
    baseline: "idle",
    warmUp: "speed",
    load: "everyone online",
    recovery: "recovery",
    delay: (idle, p50, p95) =>
      `Delay over time. When idle ${idle} ms. With everyone online typically ${p50} ms; 19 of 20 answers came within ${p95} ms.`,
    rate: (down, up) => `Speed over time. Together ${down} Mbit/s download and ${up} Mbit/s upload on average.`,
    empty: "Nothing measured yet.",
  },
  table: {
    columns: {
      who: "Connection",
      samples: "Answers",
      p50: "p50, ms",
      p95: "p95, ms",
      p99: "p99, ms",
      increase: "p95 over idle, ms",
      jitter: "Jitter, ms",
      lost: "Lost",
      downWanted: "Download, target",
      downGot: "Download, actual",
      upWanted: "Upload, target",
      upGot: "Upload, actual",
      share: "Share reached",
      rtt: "Round trip, ms",
      minRtt: "Minimum, ms",
      retransmits: "Retransmitted",
      delivery: "Delivery rate, Mbit/s",
      congestionControl: "Congestion control",
    },
    idle: "Test signal, idle",
    loaded: "Test signal, under load",
    own: (name) => name,
    ownQueue: (name) => `${name} (own queue)`,
  },
  stored: {
    loading: "Loading the result…",
    headline: (when) => `Result of ${when}.`,
    about: "The person who gave you this link measured this. It says nothing about your own connection.",
    unknown: "There is no result behind this link. It may have been deleted, or a part of the link is missing.",
    unavailable: "This result cannot be shown at the moment. Please try again later.",
  },
  share: {
    copied: "Copied.",
    notCopied: "The browser does not allow copying here; download it instead.",
    linkNotCopied: "The browser does not allow copying here; the link is below the buttons.",
    card: "How our internet holds up",
    downAndUp: (down, up) => `${down} Mbit/s download · ${up} Mbit/s upload, all together`,
  },
};
