import type { Change, ChangeResult, Message, View } from "./live-messages.js";

/** Why there is no connection. */
export type Loss = "lost" | "stopped" | "full" | "silent";

/** Seconds without a word after which the daemon is taken for stuck; it speaks each second. */
const silenceS = 5;
const notLoggedIn = 4401;
const goingAway = 1001;
const full = 1013;

export interface Listener {
  /** A token is needed; the one that was used, if any, is wrong. */
  needsToken: (wrong: boolean) => void;
  message: (message: Message) => void;
  /** The connection is gone, and tried again after so many seconds. */
  lost: (loss: Loss, seconds: number) => void;
}

/** The WebSocket, made again whenever it is lost. */
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

  /** Connects, with the token that is known. */
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

  /** Connects anew with a token; `undefined` has to be asked for where one is needed. */
  logIn(token: string | undefined): void {
    this.#token = token;
    this.#drop();
    this.open();
  }

  /** Shows these sessions from now on, also after a reconnect. */
  watch(view: View): void {
    this.#view = view;
    if (this.#welcome) this.#send({ type: "view", ...view });
  }

  /** Asks for a change; what came of it. */
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

  /** Lets go of the socket; nothing that it still brings is heard. */
  #drop(): void {
    clearTimeout(this.#silence);
    clearTimeout(this.#retry);
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
    // Whether they were carried out nobody knows; the request ids make trying again harmless.
    for (const resolve of this.#awaited.values()) resolve({ type: "failed", code: "UNAVAILABLE", problem: "" });
    this.#awaited.clear();
  }

  #listen(): void {
    clearTimeout(this.#silence);
    // A wrong token is answered late, so silence means something only later.
    this.#silence = setTimeout(
      () => {
        this.#drop();
        this.#again("silent");
      },
      (this.#welcome ? silenceS : 4 * silenceS) * 1000,
    );
  }
}

/** Seconds until the next try to connect, after so many that failed. */
export function retryDelay(failed: number): number {
  return Math.min(2 ** Math.min(failed, 10), 10);
}
