/**
 * Exchange an app's own token for Amazon Chime credentials, and keep them fresh for as long as the app is open.
 *
 * What it offers is described in chime-signin.d.ts. There is no timer that a sleeping laptop could miss: whoever asks
 * for credentials gets some that work now. Nothing is stored and nothing is logged.
 *
 * @import { Credentials, Details, Options, SignIn, Time, User } from "./chime-signin.d.ts"
 * @typedef {{ age: () => number, renewAt: number, endsAt: number }} Times In milliseconds since it was asked for.
 * @typedef {Times & { user: User, keys: Omit<Credentials, "expiration"> }} Session
 */

export class SignInError extends Error {
  /** @param {string} message @param {Details & { cause?: unknown }} [details] */
  constructor(message, { status, reason, requestId, retryAfter, cause } = {}) {
    super(message, { cause });
    this.status = status;
    this.reason = reason;
    this.requestId = requestId;
    this.retryAfter = retryAfter;
  }
  get name() { return "SignInError"; } // in so many words, because minifiers rename classes
}
export class SignInAgainError extends SignInError { get name() { return "SignInAgainError"; } }
export class NotAllowedError extends SignInError { get name() { return "NotAllowedError"; } }
export class UnavailableError extends SignInError { get name() { return "UnavailableError"; } }
// What waiting does not mend. Any other 5xx comes from between here and the service, and passes.
const OUR_MISTAKES = ["internal", "upstream_error"];

/** What nobody on the way can read: https, and http to this machine. */
const SAFE = /^(https:|http:\/\/(localhost|127(\.\d+){3}|\[::1\])(:\d+)?(\/|$))/i;

const TOKEN_MS = 60_000; // an identity provider's hidden frame may take as long
const ATTEMPT_MS = 15_000; // the service itself gives up after 8 s, and may have to start first
const PAUSE_MS = { first: 500, longest: 4000 };
const REST_MS = 30_000; // after a renewal that failed, while the old credentials last
const LAST_MINUTE_MS = 60_000; // in which callers wait for new ones

/** @type {Time["wait"]} */
const wait = (ms, signal) =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => (clearTimeout(timer), reject(signal.reason)));
  });
/** @type {Time} */
const TIME = { wall: () => Date.now(), steady: () => performance.now(), random: Math.random, wait, limit: wait };

/** @param {Options} options @returns {SignIn} */
export function chimeSignIn({ endpoint, getToken, signal = new AbortController().signal, patience = 30_000, time }) {
  const clock = { ...TIME, ...time };
  // No redirects: the token is for this address and no other.
  const request = new Request(endpoint, { method: "POST", cache: "no-store", credentials: "omit", redirect: "error" });
  if (!SAFE.test(request.url)) throw new TypeError("`endpoint` has to begin with https: the token could be read on the way.");
  let /** @type {Session | undefined} */ held;
  let /** @type {{ error: unknown, age: () => number, told: number, rest: number } | undefined} */ failure;
  let /** @type {Promise<Session> | undefined} */ renewing;
  let step = new AbortController(); // one for each thing that is waited for: the app's signal outlives them all
  signal.addEventListener("abort", () => ((held = undefined), step.abort(signal.reason)), { once: true });

  /** @param {{ forceRefresh?: boolean }} [options] */
  async function session({ forceRefresh = false } = {}) {
    signal.throwIfAborted();
    // The token of what is under way may be older than the wish for another answer.
    if (forceRefresh) return Promise.allSettled([renewing]).then(renew);
    const usable = (spare = 0) => (held && held.age() < held.endsAt - spare ? held : undefined);
    const old = usable();
    if (!old) return renew();
    if (old.age() < old.renewAt || (failure && failure.age() < failure.rest)) return old;
    // A failure is nobody's trouble while the old ones last. A refusal empties `held`: the next caller is told.
    const renewal = renew().catch((error) => usable() ?? Promise.reject(error));
    renewal.catch(() => {}); // nobody waits for one that is not urgent
    return usable(LAST_MINUTE_MS) ?? renewal;
  }

  async function renew() {
    if (failure && failure.age() < failure.told) throw failure.error;
    return (renewing ??= renewal().finally(() => (renewing = undefined)));
  }

  async function renewal() {
    try {
      const fresh = await exchange();
      signal.throwIfAborted();
      failure = undefined;
      return (held = fresh);
    } catch (error) {
      if (error instanceof SignInAgainError || error instanceof NotAllowedError) held = undefined;
      const told = error instanceof UnavailableError ? 1000 * (error.retryAfter ?? 0) : 0;
      failure = { error, age: stopwatch(clock), told, rest: Math.max(REST_MS, told) * (1 + clock.random() / 2) };
      throw error;
    }
  }

  async function exchange() {
    const budget = { left: patience }; // an expired token does not start it anew
    return post(await token(false), budget).catch(async (error) => {
      if (error?.reason !== "token_expired") throw error;
      return post(await token(true), budget);
    });
  }

  /** @param {boolean} forceRefresh */
  async function token(forceRefresh) {
    const given = await within(TOKEN_MS, "getToken", async (own) => getToken({ forceRefresh, signal: own }));
    if (!given) throw new SignInAgainError("The app has no token.");
    // Looked at here, because the error of a header that cannot be sent shows what is in it.
    if (!/^[!-~]+$/.test(given)) throw new SignInError("What getToken gave is no token.");
    return given;
  }

  /** @param {string} token @param {{ left: number }} budget Milliseconds of patience. */
  async function post(token, budget) {
    for (let pause = PAUSE_MS.first, limit = ATTEMPT_MS; ; pause = Math.min(2 * pause, PAUSE_MS.longest)) {
      const age = stopwatch(clock);
      try {
        return await attempt(token, limit, age);
      } catch (error) {
        if (!(error instanceof UnavailableError)) throw error;
        // Everybody is told to wait for the same time, so some of it is left to chance.
        const told = 1000 * (error.retryAfter ?? 0);
        const delay = Math.max(told, pause / 2) + Math.max(told / 2, pause) * clock.random();
        budget.left -= Math.min(age(), limit) + delay; // however long it was slept through
        if (budget.left < 1000) throw error; // too little for another answer
        limit = Math.min(budget.left, ATTEMPT_MS);
        signal.throwIfAborted();
        await clock.wait(delay, (step = new AbortController()).signal);
      }
    }
  }

  /** @param {string} token @param {number} limit @param {() => number} age */
  async function attempt(token, limit, age) {
    const { response, answer } = await within(limit, "The service", async (own) => {
      const headers = { Authorization: `Bearer ${token}` };
      const response = await fetch(request, { headers, signal: own });
      return { response, answer: object(await response.text()) };
    }).catch((cause) => {
      signal.throwIfAborted();
      throw new UnavailableError("The sign-in service cannot be reached.", { cause });
    });
    if (!response.ok) throw refusal(response, answer);
    const fresh = read(answer, age);
    if (age() < Math.max(fresh.endsAt - LAST_MINUTE_MS, fresh.endsAt / 2)) return fresh;
    throw new UnavailableError("The answer is too old: this machine has slept.");
  }

  /** @template T @param {number} ms @param {string} who @param {(signal: AbortSignal) => Promise<T>} work */
  async function within(ms, who, work) {
    signal.throwIfAborted();
    const own = (step = new AbortController());
    const late = clock.limit(ms, own.signal).then(() => Promise.reject(new UnavailableError(`${who} takes too long.`)));
    return Promise.race([work(own.signal), late]).finally(() => own.abort());
  }

  return {
    async credentials(options) {
      const { keys, age, endsAt } = await session(options);
      // By this machine's clock, because the AWS SDK compares it with that.
      return { ...keys, expiration: new Date(clock.wall() + endsAt - age()) };
    },
    user: async (options) => ({ ...(await session(options)).user }),
  };
}

/** Return what tells the milliseconds since now. @param {Time} clock */
function stopwatch({ wall, steady }) {
  const start = { wall: wall(), steady: steady() };
  // One clock may be set back, and the other stand still while a laptop sleeps: the one that says more is believed.
  return () => Math.max(wall() - start.wall, steady() - start.steady);
}

/** @param {string} text @returns {any} An object, with nothing in it if the text is no JSON object. */
function object(text) {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}

/** @param {number} status @param {string} [error] */
function kindOf(status, error) {
  if (status === 429 || (status >= 500 && !OUR_MISTAKES.includes(error ?? ""))) return UnavailableError;
  if (status === 401) return SignInAgainError;
  // By our own word alone: API Gateway, and whatever stands before it, answer 403 for reasons of their own.
  return error === "forbidden" ? NotAllowedError : SignInError;
}

/** @param {Response} response @param {any} answer */
function refusal({ status, headers }, { error, error_description, reason, requestId }) {
  const Kind = kindOf(status, error);
  const said = headers.get("Retry-After") ?? "";
  // Seconds, about a day at most. Anything may answer in the service's place, and would keep the app waiting for ever.
  const retryAfter = /^\d{1,5}$/.test(said) ? Number(said) || undefined : undefined;
  const text = error_description ?? `The sign-in service answered with ${status}.`;
  return new Kind(text, { status, reason, requestId, retryAfter });
}

/** @param {any} answer @param {() => number} age @returns {Session} */
function read(answer, age) {
  const { ChimeCredentials, ExpiresIn, RefreshAfter, ChimeAppInstanceUserArn: userArn, ChimeUserId: userId } = answer;
  const { ChimeDisplayName: name, ChimeRegion: region, ChimeAppInstanceArn: appInstanceArn } = answer;
  const { Expiration, ...given } = Object(ChimeCredentials);
  const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, SessionToken: sessionToken } = given;
  const endsAt = ExpiresIn * 1000;
  if (!(accessKeyId && secretAccessKey && sessionToken && endsAt > 0))
    throw new SignInError("The answer is not the sign-in service's: check `endpoint`.");
  // Both are times of the server's: their difference is right, whatever time it is here.
  const ahead = Date.parse(Expiration) - Date.parse(RefreshAfter);
  const renewAt = endsAt - Math.max(LAST_MINUTE_MS, ahead >= 0 ? ahead : endsAt / 6);
  const user = { userArn, userId, name, region, appInstanceArn };
  return { user, keys: { accessKeyId, secretAccessKey, sessionToken }, age, renewAt, endsAt };
}
