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
    loginHint: "With the token that stands beside your name in the daemon’s file of tokens.",
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
    opened: "Opened in all",
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
    noSessions: "No session is live.",
    before: "Back",
    next: "Next",
    workers: "Workers",
    closes: "Why sessions ended",
    noCloses: "None has ended since the start.",
    grades: "Grades by day",
    runs: "Last runs",
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
    unresponsive: "does not answer",
    backoff: "died, is started anew",
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
      stopped: "householdd has stopped, or is restarting.",
      full: "Too many dashboards are open.",
      silent: "householdd says nothing any more.",
    }[loss];
    const shown = at === undefined ? "" : ` What you see is from ${at}.`;
    return `${why}${shown} Next try in ${seconds} s.`;
  },
  drain: (reason, sessions, left) => `“${reason}”. ${plural(sessions, "session is", "sessions are")} left; the rest is closed in ${left}.`,
  drained: (reason) => `“${reason}”. No session is left.`,
  history: {
    failing: (problem, waiting) => `The history is not being written: ${problem}. ${waiting} entries wait.`,
    unreadable: (problem) => `The history cannot be shown: ${problem}.`,
  },
  missing: (workers) => `Sessions of worker ${workers.join(", ")} are missing: it does not answer.`,
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
      hint: "Clients and the log see it. Up to 200 characters.",
      confirm: `End ${plural(count, "session", "sessions")}`,
    }),
    killMatching: (filter, total) => ({
      heading: `End all sessions that match?`,
      words: `${filter}: ${plural(total, "session matches", "sessions match")} now, and all that match when you confirm are ended.`,
      hint: "Clients and the log see it. Up to 200 characters.",
      confirm: "End all that match",
    }),
    drain: {
      heading: "Refuse new sessions?",
      words: "Live sessions go on until they end by themselves or the time is up; then the rest is closed.",
      hint: "Everybody here and the log see it. Up to 200 characters.",
      confirm: "Drain",
    },
    resume: {
      heading: "Accept sessions again?",
      words: "The drain ends; live sessions go on.",
      hint: "The log has it. Up to 200 characters.",
      confirm: "Accept sessions",
    },
    block: "Keep their addresses out",
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
        ...(counts.already_closed ? [`${counts.already_closed} had ended before`] : []),
        ...(counts.not_found ? [`${counts.not_found} not found`] : []),
        ...(blocked > 0 ? [`${plural(blocked, "address is", "addresses are")} kept out`] : []),
      ];
      return `${parts.join(", ")}.`;
    },
    draining: "New sessions are refused from now on.",
    resumed: "Sessions are accepted again.",
    failed: (code, problem) =>
      code === "PERMISSION_DENIED"
        ? `Your role does not allow that. ${problem}`
        : problem === ""
          ? "The connection was lost meanwhile; look whether it was done."
          : problem,
  },
  chart: {
    sessions: (now, most) => `${now} sessions now, at most ${most} in these ten minutes.`,
    rates: (down, up) => `${down} Mbit/s to clients and ${up} Mbit/s from clients now.`,
    latency: (p50, p95) => `Half of all round trips take up to ${p50} ms, 95 % up to ${p95} ms.`,
    lag: (now, most) => `${now} ms now, at most ${most} ms in these ten minutes.`,
    empty: "Nothing was measured yet.",
  },
  invalid: "does not count",
  grades: (days, counts) =>
    counts.length === 0
      ? `No runs in the last ${days} days.`
      : `Runs of the last ${days} days: ${counts.map(([grade, count]) => `${grade === "invalid" ? "does not count" : grade} ${count}`).join(", ")}.`,
};
