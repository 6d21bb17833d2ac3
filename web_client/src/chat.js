/**
 * Keep a Chime messaging session open for as long as the app is, and tell every message once.
 *
 * chat.d.ts describes the interface. Read chat-session.js for one connection, and chat-messages.js for what was sent
 * between two of them, which Chime does not send again. Nothing is stored.
 *
 * @import { CallOptions, ChatEvent, ChatOptions, ChatState, ChatTime, ChimeChat } from "./chat.d.ts"
 */

import { messageLog } from "./chat-messages.js";
import { WARNINGS, openSession } from "./chat-session.js";

const LIMIT_MS = 20_000; // for one call, and for a connection to be established
const PAUSE_MS = { first: 1000, longest: 30_000, longestIfRefused: 300_000 };
const STEADY_MS = 10_000; // a connection that lasted so long was a success
const TICK_MS = 30_000;
const SLEPT_MS = 120_000; // more than a tick takes in a hidden tab, where timers run once a minute

// What waiting does not change. By name, because an app may have two copies of the classes.
const FINAL_ERRORS = ["SignInAgainError", "NotAllowedError", "OtherUserError"];
const DENIED_CODES = [4003, 4401]; // close codes of Chime: forbidden, not authorized
const DENIED_STATUSES = [401, 403, 404]; // the latter two also for a user whom Chime does not know

/** @type {ChatState} */
const STOPPED = { status: "stopped" };

/** @type {ChatTime} */
const TIME = {
  wallClock: () => Date.now(),
  random: () => Math.random(),
  wait: (ms, signal) =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      onAbort(signal, () => (clearTimeout(timer), resolve()));
    }),
};

/** @param {ChatOptions} options @returns {ChimeChat} */
export function chimeChat({ signIn, chime, sdk, onMessage, onEvent = () => {}, signal, logger = WARNINGS, time }) {
  const clock = { ...TIME, ...time };
  const messages = messageLog(chime, (message) => tell(onMessage, message));
  const listeners = /** @type {Set<(state: ChatState) => void>} */ (new Set());
  let state = /** @type {ChatState} */ (STOPPED);
  let sessionId = /** @type {string | null} */ (null); // one for all connections, as Amazon's session has it when it reconnects
  let step = new AbortController(); // ends the connection, or the pause, that there is now
  let leave = /** @type {(() => void) | undefined} */ (undefined); // ends what `start` has begun

  const serverTime = () => clock.wallClock() + signIn.clockOffset();

  /** @param {ChatState} next */
  function become(next) {
    state = next;
    for (const listener of [...listeners]) tell(listener, state);
  }

  /** Connect again and again, until *end*. @param {AbortSignal} end */
  async function keepOpen(end) {
    let failures = 0;
    let signedInAnew = false;
    while (!end.aborted) {
      become({ status: "connecting" });
      const { ended, lasted } = await connection();
      if (lasted > STEADY_MS) [failures, signedInAnew] = [0, false];
      let error = ended;
      if (!end.aborted && isDenied(error) && !signedInAnew) {
        const failed = await signInAnew();
        signedInAnew = !failed;
        error = failed ?? ended;
      }
      if (end.aborted) return;
      if (FINAL_ERRORS.includes(error?.name)) return stop({ status: "refused", error });
      await pause(error, failures++);
    }
  }

  /** The credentials may be denied before they end, and Chime may have lost the user: a full sign-in makes both anew. */
  async function signInAnew() {
    // By the client, because it keeps credentials of its own. It passes `forceRefresh` on to the sign-in.
    return chime.config.credentials({ forceRefresh: true }).then(() => undefined, (error) => error);
  }

  /** @param {Error} error @param {number} failures */
  async function pause(error, failures) {
    const longest = isDenied(error) || error?.name === "SignInError" ? PAUSE_MS.longestIfRefused : PAUSE_MS.longest;
    // Anything up to all of it, because all clients lose their connections together when the service restarts.
    const ms = clock.random() * Math.min(PAUSE_MS.first * 2 ** failures, longest);
    step = new AbortController();
    become({ status: "waiting", error, retryAt: new Date(clock.wallClock() + ms) });
    await clock.wait(ms, step.signal);
  }

  /** Have a connection until it ends. Return why it did, and for how many milliseconds it was there. */
  async function connection() {
    const own = (step = new AbortController());
    let opened = Infinity;
    const open = () => {
      opened = clock.wallClock();
      become({ status: "connected" });
      replaceAfterSleep(own);
    };
    const ended = await connect(own.signal, open).catch((error) => error);
    own.abort();
    return { ended, lasted: clock.wallClock() - opened };
  }

  /** @param {AbortSignal} signal @param {() => void} onOpen @returns {Promise<Error>} Why the connection has ended. */
  async function connect(signal, onOpen) {
    const limited = (/** @type {(options: CallOptions) => Promise<any>} */ call) => within(signal, call);
    const { userArn } = await signIn.user();
    chime.config.systemClockOffset = signIn.clockOffset(); // the SDK itself corrects only a clock that is wrong by minutes
    const { Endpoint } = await limited((options) => chime.getMessagingSessionEndpoint({}, options));
    let held = /** @type {ChatEvent[] | undefined} */ ([]); // until what was missed is told, because that is older
    const given = { userArn, sessionId, url: Endpoint?.Url, chime, sdk, logger };
    const session = openSession(given, serverTime, (event) => (held ? held.push(event) : receive(event)));
    sessionId = session.sessionId;
    const replaced = new Promise((resolve) => onAbort(signal, resolve)).then(() => {
      session.stop();
      return namedError("ReplacedError", "The connection was replaced.");
    });
    const open = async () => {
      await limited(() => session.established);
      await messages.tellMissed(userArn, serverTime(), { signal, limited });
      while (held?.length && !signal.aborted) receive(/** @type {ChatEvent} */ (held.shift()));
      held = undefined;
      if (!signal.aborted) onOpen();
      return replaced;
    };
    return Promise.race([open(), session.closed, replaced]);
  }

  /** @param {ChatEvent} event */
  function receive({ type, payload }) {
    const content = JSON.parse(payload || "null");
    if (type === "CREATE_CHANNEL_MESSAGE") messages.tellOnce(withDates(content));
    else tell(onEvent, { type, content });
  }

  /** After sleep the other side may be gone, and a browser notices that much later. @param {AbortController} own */
  async function replaceAfterSleep(own) {
    while (!own.signal.aborted) {
      const before = clock.wallClock();
      await clock.wait(TICK_MS, own.signal);
      if (clock.wallClock() - before > SLEPT_MS) own.abort();
    }
  }

  /** @template T @param {AbortSignal} signal @param {(options: CallOptions) => Promise<T>} call @returns {Promise<T>} */
  async function within(signal, call) {
    const own = new AbortController();
    const end = () => own.abort();
    onAbort(signal, end);
    const late = clock.wait(LIMIT_MS, own.signal).then(() => Promise.reject(namedError("TimeoutError", "Chime takes too long.")));
    return Promise.race([call({ abortSignal: own.signal }), late]).finally(() => (end(), signal.removeEventListener("abort", end)));
  }

  function reconnect() {
    if (state.status === "waiting" || state.status === "connected") step.abort();
  }

  function retry() {
    if (state.status === "waiting") step.abort();
  }

  signal?.addEventListener("abort", () => stop(STOPPED));

  function start() {
    if (leave) return retry();
    if (signal?.aborted) return;
    const end = new AbortController();
    const unwatch = watchPage(reconnect, retry);
    leave = () => (end.abort(), unwatch(), step.abort());
    keepOpen(end.signal);
  }

  /** @param {ChatState} last */
  function stop(last) {
    leave?.();
    leave = undefined;
    if (state.status !== last.status) become(last);
  }

  return {
    state: () => state,
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    start,
    stop: () => stop(STOPPED),
  };
}

/** Call *onOnline* when there is a network again, and *onVisible* when the page is looked at. @param {() => void} onOnline @param {() => void} onVisible */
function watchPage(onOnline, onVisible) {
  const { document } = globalThis;
  const visible = () => void (document.visibilityState === "visible" && onVisible());
  globalThis.addEventListener?.("online", onOnline);
  document?.addEventListener("visibilitychange", visible);
  return () => {
    globalThis.removeEventListener?.("online", onOnline);
    document?.removeEventListener("visibilitychange", visible);
  };
}

/** Call *work* when *signal* is aborted, or now if it has been: listeners may stop the chat at any moment. @param {AbortSignal} signal @param {(_?: any) => void} work */
function onAbort(signal, work) {
  if (signal.aborted) work();
  else signal.addEventListener("abort", work);
}

/** Call the app, and report its error as its own. @template T @param {(told: T) => void} listener @param {T} told */
function tell(listener, told) {
  try {
    listener(told);
  } catch (error) {
    setTimeout(() => { throw error; });
  }
}

/** @param {any} error */
function isDenied(error) {
  return DENIED_CODES.includes(error?.code) || DENIED_STATUSES.includes(error?.$metadata?.httpStatusCode);
}

/** @param {any} message An event's message, in which times are texts. Lists have them as dates. */
function withDates(message) {
  const times = Object.entries(message).filter(([name]) => name.endsWith("Timestamp"));
  return { ...message, ...Object.fromEntries(times.map(([name, text]) => [name, new Date(text)])) };
}

/** @param {string} name @param {string} message */
function namedError(name, message) {
  return Object.assign(new Error(message), { name });
}
