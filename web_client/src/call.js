/**
 * Call the service with the app's token until it answers, or until patience is over.
 *
 * @import { Options, Time } from "./chime-signin.d.ts"
 * @typedef {object} Wanted
 * @property {string} url
 * @property {RequestInit} init The method, and what else belongs to it.
 * @property {AbortSignal[]} signals Each of them ends the call.
 * @property {{ patience: number }} budget In milliseconds. It may grow while the call goes on.
 * @property {(answer: any, age: () => number) => any} read Returns the result, or throws. `age` is since the request was sent.
 * @property {(error: UnavailableError) => boolean} isFinal Whether not to wait after this error.
 * @property {(error: SignInError) => void} onWait Called before each wait.
 *
 * @typedef {object} Progress
 * @property {string} [token] The one to send, until the service refuses it as too old.
 * @property {boolean} forceRefresh Whether the service has refused one as too old.
 * @property {boolean} isRetry Only then patience limits the attempt.
 * @property {boolean} hasWaitedForClock
 * @property {SignInError} [answered] For the last answer of the service.
 * @property {number} spent In milliseconds, of the patience.
 * @property {number} pause In milliseconds.
 *
 * @typedef {Wanted & Progress} Run
 */

import { SignInAgainError, SignInError, UnavailableError, errorFor } from "./errors.js";
import { mistakeIn } from "./inputs.js";

const TOKEN_MS = 60_000; // for getToken, because the hidden frame of an identity provider may take that long
const ATTEMPT_MS = 15_000; // for one request: the service answers within 8 s, but may have to start first
const PAUSE_MS = { first: 500, longest: 4000 };
const CLOCK_MS = 5000; // until a token is valid, if the clocks of issuer and service differ a little more than is accepted
const SHORTEST_ATTEMPT_MS = 1000; // with less time left, another attempt is useless

const BEGIN = { forceRefresh: false, isRetry: false, hasWaitedForClock: false, spent: 0, pause: PAUSE_MS.first };

const LIFE_TOO_SHORT =
  "Fresh tokens end too soon, too. Let the identity provider issue tokens that live longer, or set SessionEndsWithToken to false.";

/** @type {Time["wait"]} */
const wait = (ms, signal) =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
/** @type {Time} */
const TIME = { wallClock: () => Date.now(), monotonic: () => performance.now(), random: Math.random, wait, limit: wait };

/**
 * Return `call`, and what goes with it. `isServed` tells whether the app has what it needs for now.
 *
 * @param {Pick<Options, "getToken" | "fetch" | "time">} options @param {() => boolean} isServed
 */
export function caller({ getToken, fetch: send, time }, isServed) {
  const clock = { ...TIME, ...time };
  /** How many milliseconds the server's clock is ahead of this machine's. Whoever learns it sets it. */
  const offset = { ms: 0 };

  /** @param {Wanted} wanted */
  async function call(wanted) {
    /** @type {Run} */
    const run = { ...wanted, ...BEGIN };
    for (;;) {
      try {
        run.token ??= await askForToken(run);
        return await attempt(run, run.token);
      } catch (error) {
        run.signals.forEach(throwIfAborted);
        const lasting = replaceToken(run, error);
        if (lasting) await waitAfter(run, lasting);
      }
    }
  }

  /** @param {Run} run */
  async function askForToken(run) {
    const { forceRefresh } = run;
    const ask = async (/** @type {AbortSignal} */ own) => getToken({ forceRefresh, signal: own });
    const given = await timed(run, TOKEN_MS, "getToken", ask).catch((cause) => {
      throw new UnavailableError("getToken failed.", { cause });
    });
    if (given === null || given === undefined || given === "") throw withoutToken("The app has no token.");
    const mistake = mistakeIn(given);
    if (mistake) throw new SignInError(`What getToken gave is no token: ${mistake}.`);
    return given;
  }

  /**
   * Return what sends the user to the app's sign-in, unless there is something that still works.
   *
   * @param {string} text @param {SignInError} [details]
   */
  function withoutToken(text, details) {
    return new (isServed() ? UnavailableError : SignInAgainError)(text, details);
  }

  /** @param {Run} run @param {string} token */
  async function attempt(run, token) {
    const { url, read } = run;
    const age = stopwatch(clock);
    const headers = { Authorization: `Bearer ${token}` };
    // No redirects, because the token is for this address and no other.
    /** @type {RequestInit} */
    const init = { cache: "no-store", credentials: "omit", redirect: "error", ...run.init, headers };
    const { response, text } = await timed(run, ATTEMPT_MS, "The service", async (own) => {
      const response = await (send ?? fetch)(url, { ...init, signal: own });
      return { response, text: await response.text() };
    }).catch((cause) => {
      throw new UnavailableError("The sign-in service cannot be reached.", { url, cause });
    });
    const answer = parseObject(text);
    if (response.ok) return read(answer, age);
    throw errorFor(response, answer, url, clock.wallClock() + offset.ms);
  }

  /**
   * If *error* says that the token is too old, drop it. Return the error if that has not helped, and any other one.
   *
   * @param {Run} run @param {any} error
   */
  function replaceToken(run, error) {
    const { reason, message } = Object(error);
    if (reason !== "token_expired" && reason !== "ends_too_soon") return error;
    run.token = undefined;
    if (run.forceRefresh && reason === "ends_too_soon") return new SignInError(LIFE_TOO_SHORT, error);
    if (run.forceRefresh) return withoutToken(message, error);
    run.forceRefresh = true;
    run.isRetry = false;
  }

  /** Wait before the next attempt, or throw *error* if there should be none. @param {Run} run @param {any} error */
  async function waitAfter(run, error) {
    const isClock = error.reason === "not_yet_valid" && !run.hasWaitedForClock;
    if (!isClock && (!(error instanceof UnavailableError) || run.isFinal(error))) throw error;
    run.hasWaitedForClock ||= isClock;
    // Random, because all clients are told the same Retry-After and would come back together.
    const retryAfter = isClock ? CLOCK_MS : retryAfterMs(error);
    const delay = Math.max(retryAfter, run.pause / 2) + Math.max(retryAfter / 2, run.pause) * clock.random();
    run.spent += delay;
    if (error.status) run.answered = error;
    if (run.budget.patience - run.spent < SHORTEST_ATTEMPT_MS) throw withAnswer(error, run.answered);
    run.onWait(error);
    await linked(run.signals, (own) => clock.wait(delay, own));
    run.pause = Math.min(2 * run.pause, PAUSE_MS.longest);
    run.isRetry = true;
  }

  /**
   * @template T @param {Run} run @param {number} longest In milliseconds.
   * @param {string} who @param {(signal: AbortSignal) => Promise<T>} work
   */
  async function timed(run, longest, who, work) {
    const limit = run.isRetry ? Math.min(run.budget.patience - run.spent, longest) : longest;
    const age = stopwatch(clock);
    const late = (/** @type {AbortSignal} */ own) =>
      clock.limit(limit, own).then(() => {
        throw new Error(`${who} takes too long.`);
      });
    return linked(run.signals, (own) => Promise.race([work(own), late(own)])).finally(() => {
      run.spent += Math.min(age(), limit); // no more than the limit, because the machine may have slept
    });
  }

  return { call, clock, offset };
}

/** Return a function that tells how many milliseconds ago this was called. @param {Time} clock */
export function stopwatch({ wallClock, monotonic }) {
  const start = { wallClock: wallClock(), monotonic: monotonic() };
  // The larger of the two, because the wall clock may be set back and the monotonic clock may stop during sleep.
  return () => Math.max(wallClock() - start.wallClock, monotonic() - start.monotonic);
}

/** @param {SignInError} error */
export function retryAfterMs({ retryAfter = 0 }) {
  return 1000 * retryAfter;
}

/** The platform's throwIfAborted is missing in React Native, as is the reason. @param {AbortSignal} signal */
export function throwIfAborted(signal) {
  if (!signal.aborted) return;
  throw "reason" in signal ? signal.reason : Object.assign(new Error("This was aborted."), { name: "AbortError" });
}

/**
 * Do *work* with a signal that is aborted with any of *signals*, and at the end. It is one of its own, because the app's
 * may live long, and would collect a listener for each wait.
 *
 * @template T @param {AbortSignal[]} signals @param {(own: AbortSignal) => Promise<T>} work
 */
export async function linked(signals, work) {
  signals.forEach(throwIfAborted);
  const own = new AbortController();
  const stop = () => own.abort(signals.find(({ aborted }) => aborted)?.reason);
  for (const each of signals) each.addEventListener("abort", stop);
  try {
    return await work(own.signal);
  } catch (error) {
    signals.forEach(throwIfAborted);
    throw error;
  } finally {
    for (const each of signals) each.removeEventListener("abort", stop);
    own.abort();
  }
}

/**
 * The service's last answer says more than a broken connection after it.
 *
 * @param {SignInError} error @param {SignInError} [answered]
 */
function withAnswer(error, answered) {
  return error.status || !answered ? error : new UnavailableError(error.message, { ...answered, cause: error.cause });
}

/** @param {string} text @returns {any} The JSON object in *text*, or an empty one if there is none. */
function parseObject(text) {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}
