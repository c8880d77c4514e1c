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

const queueAdvice = [
  "Turn on smart queue management on your router. It may be called SQM, fq_codel, CAKE or “anti-bufferbloat”.",
  "Set its limits to 85–95 % of what your line carries, down and up, so that the queue forms where it can be managed.",
];

export const en: Text = {
  lang: "en",
  labels: {
    title: "Household test",
    intro: "Four people, one line: see how each of them gets on when all are online at once.",
    baseline: "Delay at rest",
    delay: "Delay",
    down: "Down",
    up: "Up",
    peak: "Peak",
    p50: "ms, p50",
    p95: "ms, p95",
    house: "The house",
    timeline: "How it went",
    timelineDelay: "Delay, ms",
    timelineRate: "All together, Mbit/s",
    advice: "What to do about it",
    details: "Details for experts",
    detailsDelay: "Round trips",
    detailsRates: "Rates, Mbit/s",
    detailsTcp: "As the server’s TCP sees it",
    detailsMethod: "How this is measured",
    method:
      "Round trips are timed by this browser over WebSockets with TLS: on four separate connections without traffic that take turns (the probe, 20 a second), and on each person’s own (10 a second). A ping of the probe whose answer comes after that of a later one was lost and sent again by TCP: it counts as lost, not as slow. The grade is that of the probe’s 95th percentile under load over its median at rest. Scores are Quality of Outcome (draft-ietf-ippm-qoo), the call is the E-model (ITU-T G.107). Downloads are counted here, uploads by the server, payload only.",
    share: "Keep and share",
    picture: "Save picture",
    copyLink: "Copy link",
    copy: "Copy JSON",
    noscript: "This test needs JavaScript: your browser itself plays the four people.",
  },
  people: {
    alex: {
      name: "Alex",
      activity: "Online game",
      need: "Every move has to arrive at once, 64 times a second. Lag loses the fight.",
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
      need: "A second at full speed, then four of silence. An empty buffer stops the film.",
      note: "",
      moods: { unknown: "Waiting", good: "Sharp picture", fair: "Soft picture", poor: "Buffering" },
    },
    computer: {
      name: "Computer",
      activity: "Updates",
      need: "Takes all that the line can carry, and with it the others’ room.",
      note: "Delay here is this connection’s own queue, not the line’s. It is not graded.",
      moods: { unknown: "Waiting", good: "Updating", fair: "Updating", poor: "Updating" },
    },
  },
  probe: "Probe",
  button: { start: "Start the test", stop: "Stop", stopping: "Stopping…", again: "Run again", own: "Run your own test" },
  progress: "Progress of the test",
  secondsLeft: (seconds) => `${seconds} s left`,
  status: {
    idle: (seconds) => `Ready. It takes ${seconds} seconds and moves as much data as your line can carry.`,
    connecting: "Connecting…",
    running: {
      "idle-baseline": "Measuring your line at rest…",
      "warm-up": "Finding out what your line carries…",
      load: "Running: all four are on your line.",
      recovery: "Watching your line recover…",
    },
    few: (people) => `Running with ${people} of 4.`,
    stopping: "Stopping…",
    done: (seconds) => `Done: ${seconds} seconds with everybody on your line.`,
    stoppedEarly: (seconds) => `Stopped after ${seconds} seconds.`,
    failed: "The test did not finish.",
    trouble: (names, text) => (names.length === 0 ? text : `${names.join(", ")}: ${text}`),
    hidden: "This page was out of sight, where browsers slow it down: the result will not count. Keep it in view.",
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
  totals: (received, sent) => `${received} down, ${sent} up`,
  silent: (seconds) => `No answer from the server for ${seconds} s`,
  ending,
  messages: {
    "verdict.gaming.excellent": "Alex plays as if alone on the line.",
    "verdict.gaming.good": "Alex plays well; a quick eye sees a stutter now and then.",
    "verdict.gaming.fair": "Alex would notice lag in fights.",
    "verdict.gaming.poor": "Alex loses fights to lag.",
    "verdict.gaming.unusable": "Alex cannot play while the others are online.",
    "verdict.gaming.unknown": "Not enough was measured to say how Alex plays.",
    "verdict.video_call.excellent": "Sarah’s call is as clear as a line allows.",
    "verdict.video_call.good": "Sarah’s call is good, with a hitch now and then.",
    "verdict.video_call.fair": "Sarah and the others talk over each other at times.",
    "verdict.video_call.poor": "Sarah’s call breaks up again and again.",
    "verdict.video_call.unusable": "Sarah has to hang up.",
    "verdict.video_call.unknown": "Not enough was measured to say how Sarah’s call is.",
    "verdict.streaming.excellent": "Jake’s film plays sharp and without a stop.",
    "verdict.streaming.good": "Jake’s film plays, a little softer at times.",
    "verdict.streaming.fair": "Jake’s film loses sharpness or stops for a moment.",
    "verdict.streaming.poor": "Jake waits for his film to load too often.",
    "verdict.streaming.unusable": "Jake cannot watch: there is too little for his film.",
    "verdict.streaming.unknown": "Not enough was measured to say how Jake’s film plays.",
    "verdict.bulk_transfer.excellent": "The Computer gets its updates and leaves room for the others.",
    "verdict.bulk_transfer.good": "The Computer gets its updates; the others feel little of it.",
    "verdict.bulk_transfer.fair": "While the Computer updates, pages open slowly.",
    "verdict.bulk_transfer.poor": "While the Computer updates, everything is slow.",
    "verdict.bulk_transfer.unusable": "While the Computer updates, the line is as good as blocked.",
    "verdict.bulk_transfer.unknown": "Not enough was measured to judge the Computer’s updates.",
    "invalid.tab_hidden": "The page was out of sight for a while, and browsers slow such pages down.",
    "invalid.clock_jump": "This device’s clock jumped, or the device was asleep.",
    "invalid.client_overloaded": "This device was too busy to measure; close other programs and tabs.",
    "invalid.server_overloaded": "The server was too busy for this test.",
    "invalid.server_limited": "The server was the limit, not your line.",
    "invalid.stopped_early": "The test was stopped before its end.",
    "invalid.connection_lost": "A connection was lost or closed on the way.",
    "invalid.too_few_samples": "There were too few answers to judge by.",
    "loss.hidden_by_tcp": "Loss is the probe’s. In a person’s own connection TCP repeats what was lost, so it shows as delay there.",
  },
  grades: {
    "A+": {
      title: "Superb",
      meaning: "Nobody in the house notices the others.",
      advice: ["Nothing. Your router keeps its queues short; leave it as it is."],
    },
    A: {
      title: "Very good",
      meaning: "Everybody can be online at once, games and calls included.",
      advice: ["Nothing that needs doing. Your line stays quick under load."],
    },
    B: {
      title: "Good",
      meaning: "A busy line adds a little delay; fast games may feel it.",
      advice: ["If games matter, one setting of the router gets the rest.", ...queueAdvice],
    },
    C: {
      title: "Fair",
      meaning: "A busy line adds delay that games and calls can feel.",
      advice: [...queueAdvice, "Does the router offer none of that? One with OpenWrt and CAKE does."],
    },
    D: {
      title: "Poor",
      meaning: "A busy line adds so much delay that games and calls suffer.",
      advice: [
        ...queueAdvice,
        "Does the router offer none of that? One with OpenWrt and CAKE does.",
        "Until then, let updates and backups run at night.",
      ],
    },
    F: {
      title: "Bad",
      meaning: "A busy line adds so much delay that little works live.",
      advice: [
        ...queueAdvice,
        "Does the router offer none of that? One with OpenWrt and CAKE does; or ask your provider about bufferbloat.",
        "Until then, let updates and backups run at night.",
      ],
    },
  },
  adviceRate:
    "Somebody got too little of the rate they want: test once by cable, to see whether the Wi-Fi is the narrow part, and if not, ask for a faster line.",
  report: {
    grade: (grade) => `Grade ${grade}`,
    noGrade: "No grade",
    invalid: "This run does not count, so there is no grade:",
    increase: (baseline, loaded, added) =>
      `At rest your line answers in ${baseline} ms. With everybody on it, ${loaded} ms at worst (95th percentile): ${added} ms more.`,
    loss: (percent) => `${percent} % of small packets were lost and had to be sent again.`,
    score: (score) => `${score} of 100`,
    stalled: (seconds) => `The picture stood still for ${seconds} s in all.`,
    noStalls: "The picture never stopped.",
    stalls: (count, seconds) => `The picture stopped ${count === 1 ? "once" : `${count} times`}, for ${seconds} s in all.`,
    neverStarted: "The picture never started.",
    mos: (mos) => `Call quality (MOS): ${mos} of 4.5.`,
    rate: (mbps) => `It got ${mbps} Mbit/s.`,
    warmUp: (line, computer) =>
      `Alone on your line the Computer got ${line} Mbit/s, so it asked for up to ${computer} Mbit/s when all were online.`,
  },
  chart: {
    baseline: "at rest",
    warmUp: "warm-up",
    load: "everybody online",
    recovery: "recovery",
    delay: (idle, p50, p95) =>
      `Delay over time. At rest ${idle} ms. With everybody online ${p50} ms in the middle, and ${p95} ms at the 95th percentile.`,
    rate: (down, up) => `Rates over time. All together ${down} Mbit/s down and ${up} Mbit/s up on average.`,
    empty: "Nothing measured yet.",
  },
  table: {
    columns: {
      who: "Connection",
      samples: "Answers",
      p50: "p50, ms",
      p95: "p95, ms",
      p99: "p99, ms",
      increase: "p95 over rest, ms",
      jitter: "Jitter, ms",
      lost: "Lost",
      downWanted: "Down, wanted",
      downGot: "Down, got",
      upWanted: "Up, wanted",
      upGot: "Up, got",
      share: "Share got",
      rtt: "Round trip, ms",
      minRtt: "Least, ms",
      retransmits: "Sent again",
      delivery: "Delivered, Mbit/s",
      congestionControl: "Congestion control",
    },
    idle: "Probe at rest",
    loaded: "Probe under load",
    own: (name) => name,
    ownQueue: (name) => `${name} (own queue)`,
  },
  stored: {
    loading: "Loading the run…",
    headline: (when) => `A stored run of ${when}.`,
    about: "This was measured then, by whoever gave you the link. It says nothing of your own line.",
    unknown: "There is no run behind this link. It was deleted after some time, or a part of the link is missing.",
    unavailable: "This run cannot be shown at the moment: the server does not answer as it should. Try again later.",
  },
  share: {
    copied: "Copied.",
    notCopied: "The browser does not allow copying here; download it instead.",
    linkNotCopied: "The browser does not allow copying here; the link is below the buttons.",
    card: "How our household gets on",
    downAndUp: (down, up) => `${down} Mbit/s down · ${up} Mbit/s up, all together`,
  },
};
