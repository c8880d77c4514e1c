import type { Change, ChangeResult, Message, View } from "./live-messages.js";

/** Reason for a lost connection. */
export type Loss = "lost" | "stopped" | "full" | "silent";

/** Silence that means a stuck daemon, which sends each second. */
const silenceS = 5;
const notLoggedIn = 4401;
const goingAway = 1001;
const full = 1013;

export interface Listener {
  /** A token is needed; `wrong` if the last one was refused. */
  needsToken: (wrong: boolean) => void;
  message: (message: Message) => void;
  /** The connection was lost; the next attempt is in `seconds`. */
  lost: (loss: Loss, seconds: number) => void;
}

/** WebSocket that reconnects. */
export class LiveConnection {
  readonly #listener: Listener;
  #socket: WebSocket | undefined;
  #token: string | undefined;
  #failed = 0;
  #retry: number | undefined;
  #silence: number | undefined;
  #view: View | undefined;
  #welcome = false;
  readonly #awaited = new Map<string, (answer: ChangeResult) => void>();

  constructor(token: string | undefined, listener: Listener) {
    this.#token = token;
    this.#listener = listener;
  }

  open(): void {
    clearTimeout(this.#retry);
    const url = new URL("live", location.href);
    url.protocol = url.protocol.replace("http", "ws");
    url.search = "";
    const socket = new WebSocket(url);
    this.#socket = socket;
    this.#welcome = false;
    socket.addEventListener("message", ({ data }) => {
      if (this.#socket === socket) this.#take(JSON.parse(String(data)) as Message);
    });
    socket.addEventListener("close", ({ code }) => {
      if (this.#socket === socket) this.#closed(code);
    });
    this.#listen();
  }

  /** Reconnect with a token; undefined asks for one if needed. */
  logIn(token: string | undefined): void {
    this.#token = token;
    this.#drop();
    this.open();
  }

  /** Watch these sessions, also after a reconnect. */
  watch(view: View): void {
    this.#view = view;
    if (this.#welcome) this.#send({ type: "view", ...view });
  }

  request(change: Change): Promise<ChangeResult> {
    const id = crypto.randomUUID();
    return new Promise((resolve) => {
      this.#awaited.set(id, resolve);
      this.#send({ id, ...change });
    });
  }

  #send(message: object): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #take(message: Message): void {
    this.#listen();
    switch (message.type) {
      case "hello":
        if (message.login && this.#token === undefined) {
          this.#drop();
          this.#listener.needsToken(false);
        } else {
          this.#send(this.#token === undefined ? { type: "login" } : { type: "login", token: this.#token });
        }
        return;
      case "refused":
        this.#token = undefined;
        this.#drop();
        this.#listener.needsToken(true);
        return;
      case "done":
      case "failed":
        this.#awaited.get(message.id)?.(message);
        this.#awaited.delete(message.id);
        return;
      case "welcome":
        this.#failed = 0;
        this.#welcome = true;
        if (this.#view !== undefined) this.watch(this.#view);
        break;
      case "live":
      case "runs":
        break;
    }
    this.#listener.message(message);
  }

  #closed(code: number): void {
    this.#drop();
    if (code === notLoggedIn) {
      this.#token = undefined;
      this.#listener.needsToken(false);
      return;
    }
    this.#again(code === goingAway ? "stopped" : code === full ? "full" : "lost");
  }

  #again(loss: Loss): void {
    const seconds = retryDelay(this.#failed++);
    this.#listener.lost(loss, seconds);
    this.#retry = setTimeout(() => {
      this.open();
    }, seconds * 1000);
  }

  /** Drop the socket and ignore its events. */
  #drop(): void {
    clearTimeout(this.#silence);
    clearTimeout(this.#retry);
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
    // Their result is unknown; request ids make a retry harmless.
    for (const resolve of this.#awaited.values()) resolve({ type: "failed", code: "UNAVAILABLE", problem: "" });
    this.#awaited.clear();
  }

  #listen(): void {
    clearTimeout(this.#silence);
    // The server delays its answer to a wrong token.
    this.#silence = setTimeout(
      () => {
        this.#drop();
        this.#again("silent");
      },
      (this.#welcome ? silenceS : 4 * silenceS) * 1000,
    );
  }
}

/** Return the seconds before the next attempt, after `failed` ones. */
export function retryDelay(failed: number): number {
  return Math.min(2 ** Math.min(failed, 10), 10);
}
