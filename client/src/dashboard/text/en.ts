import type { Text } from "./text.js";

function plural(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

function duration(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
  return `${Math.floor(seconds / 86_400)} d ${Math.floor((seconds % 86_400) / 3600)} h`;
}

export const en: Text = {
  lang: "en",
  labels: {
    skip: "To the sessions",
    noscript: "The dashboard needs JavaScript.",
    login: "Log in",
    loginHint: "Use the token that stands beside your name in the daemon’s token file.",
    token: "Token",
    logout: "Log out",
    draining: "Draining: new sessions are refused",
    drain: "Drain…",
    resume: "Accept sessions again…",
    sessions: "Sessions",
    down: "To clients",
    up: "From clients",
    roundTrip: "Round trip, p50",
    lateness: "Loop lag",
    opened: "Opened in total",
    charts: "The last ten minutes",
    rates: "Rates, Mbit/s",
    latency: "Round trip, ms",
    lag: "Loop lag, ms",
    liveSessions: "Live sessions",
    kill: "End selected…",
    killMatching: "End all that match…",
    filter: "Filter",
    group: "Group by household",
    apply: "Apply",
    clear: "Show all",
    noSessions: "No live sessions.",
    before: "Previous",
    next: "Next",
    workers: "Workers",
    closes: "Why sessions ended",
    noCloses: "No session has ended since the start.",
    grades: "Grades by day",
    runs: "Latest runs",
    noRuns: "No run has been reported yet.",
    reason: "Reason",
    cancel: "Cancel",
  },
  columns: {
    sessions: {
      select: "Select",
      user: "User",
      profile: "Profile",
      state: "State",
      verdict: "Client",
      age: "Age",
      evidence: "Evidence",
      down: "Down, Mbit/s",
      up: "Up, Mbit/s",
      roundTrip: "Round trip, ms",
      sent: "Sent",
      received: "Received",
      peer: "Address",
      worker: "Worker",
    },
    workers: {
      name: "Worker",
      state: "State",
      sessions: "Sessions",
      lag: "Loop lag, ms",
      slow: "Slow passes, 5 min",
      longest: "Longest gap, ms",
      memory: "Memory",
      restarts: "Restarts",
      pid: "PID",
    },
    closes: { reason: "Reason", recent: "Last 5 min", count: "Since the start", share: "Share" },
    runs: {
      at: "When",
      grade: "Grade",
      cause: "Delay of",
      increase: "Added delay, ms",
      baseline: "Idle, ms",
      network: "Network",
      client: "Client",
      link: "Report",
    },
  },
  words: {
    serving: "Serving",
    starting: "Starting",
    draining: "Draining",
    stopping: "Stopping",
    ready: "ready",
    unresponsive: "not responding",
    backoff: "died, restarting",
    active: "active",
    quiet: "quiet",
    closing: "closing",
    live: "live",
    frozen: "frozen",
    silent: "silent",
    client_stopped: "client stopped",
    client_closed: "client closed",
    connection_lost: "connection lost",
    probes_failed: "probes failed",
    inactive: "inactive",
    max_duration: "maximum duration",
    protocol_error: "protocol error",
    killed: "killed",
    drained: "drained",
    emergency: "emergency",
    worker_lost: "worker lost",
    overloaded: "overloaded",
    internal: "internal error",
    flooding: "flooding",
    text_too_large: "text too large",
    unread: "answers not read",
    excess_upload: "excess upload",
    malformed: "malformed messages",
    not_websocket: "not WebSocket",
    unsupervised: "no supervisor",
    line: "the line",
    device: "the device",
    server: "the server",
    unknown: "unknown",
    viewer: "viewer",
    operator: "operator",
    admin: "admin",
  },
  about: (version, uptime) => `householdd ${version}, up ${uptime}`,
  duration,
  who: (name, role) => `${name} (${role})`,
  anybody: "View only",
  wrongToken: "This token is not known.",
  loggedOut: "Your token is no longer known. Log in again.",
  lost: (loss, seconds, at) => {
    const why = {
      lost: "The connection to householdd is lost.",
      stopped: "householdd has stopped or is restarting.",
      full: "Too many dashboards are open.",
      silent: "householdd has stopped responding.",
    }[loss];
    const shown = at === undefined ? "" : ` The figures are from ${at}.`;
    return `${why}${shown} Next attempt in ${seconds} s.`;
  },
  drain: (reason, sessions, left) => `“${reason}”. ${plural(sessions, "session is", "sessions are")} left; any still live in ${left} will be closed.`,
  drained: (reason) => `“${reason}”. No sessions are left.`,
  history: {
    failing: (problem, waiting) => `The history is not being written: ${problem}. ${waiting} entries are waiting.`,
    unreadable: (problem) => `The history cannot be shown: ${problem}.`,
  },
  missing: (workers) => `Sessions of worker ${workers.join(", ")} are missing: it is not responding.`,
  matching: (total) => `(${total})`,
  page: (page) => `Page ${page}`,
  select: (user) => `Select ${user}`,
  people: (count) => plural(count, "person", "people"),
  probes: (count) => plural(count, "probe", "probes"),
  selectAll: "Select all on this page",
  minutesAgo: (minutes) => `−${minutes} min`,
  now: "now",
  show: "show",
  showRun: (id) => `Show run ${id}`,
  confirm: {
    kill: (count) => ({
      heading: `End ${plural(count, "session", "sessions")}?`,
      words: "Their clients are told, and their traffic stops at once.",
      hint: "Shown to clients and in the log. Up to 200 characters.",
      confirm: `End ${plural(count, "session", "sessions")}`,
    }),
    killMatching: (filter, total) => ({
      heading: "End all sessions that match?",
      words: `${filter}: ${plural(total, "session matches", "sessions match")} now. Every session that matches when you confirm is ended.`,
      hint: "Shown to clients and in the log. Up to 200 characters.",
      confirm: "End all that match",
    }),
    drain: {
      heading: "Refuse new sessions?",
      words: "Live sessions continue until they end or the time is up; then the rest are closed.",
      hint: "Shown to everyone here and in the log. Up to 200 characters.",
      confirm: "Drain",
    },
    resume: {
      heading: "Accept sessions again?",
      words: "The drain ends. Live sessions continue.",
      hint: "Shown in the log. Up to 200 characters.",
      confirm: "Accept sessions",
    },
    block: "Block their addresses",
    blockChoices: [
      [0, "no"],
      [60, "1 minute"],
      [600, "10 minutes"],
      [3600, "1 hour"],
      [86_400, "1 day"],
    ],
    deadline: "Close the rest after",
    deadlineChoices: [
      [30, "30 seconds"],
      [300, "5 minutes"],
      [900, "15 minutes"],
      [3600, "1 hour"],
    ],
  },
  outcome: {
    killed: (counts, blocked) => {
      const parts = [
        plural((counts.killed ?? 0) + (counts.scheduled ?? 0), "session ended", "sessions ended"),
        ...(counts.already_closed ? [`${counts.already_closed} had already ended`] : []),
        ...(counts.not_found ? [`${counts.not_found} not found`] : []),
        ...(blocked > 0 ? [`${plural(blocked, "address", "addresses")} blocked`] : []),
      ];
      return `${parts.join(", ")}.`;
    },
    draining: "New sessions are refused from now on.",
    resumed: "Sessions are accepted again.",
    failed: (code, problem) =>
      code === "PERMISSION_DENIED"
        ? `Your role does not allow that. ${problem}`
        : problem === ""
          ? "The connection was lost meanwhile. Check whether the change was made."
          : problem,
  },
  chart: {
    sessions: (now, most) => `${now} sessions now, at most ${most} in these ten minutes.`,
    rates: (down, up) => `${down} Mbit/s to clients and ${up} Mbit/s from clients now.`,
    latency: (p50, p95) => `Half of all round trips take up to ${p50} ms, 95 % up to ${p95} ms.`,
    lag: (now, most) => `${now} ms now, at most ${most} ms in these ten minutes.`,
    empty: "Nothing measured yet.",
  },
  invalid: "does not count",
  grades: (days, counts) =>
    counts.length === 0
      ? `No runs in the last ${days} days.`
      : `Runs of the last ${days} days: ${counts.map(([grade, count]) => `${grade === "invalid" ? "does not count" : grade} ${count}`).join(", ")}.`,
};
