/**
 * Exchange an app's own token for Amazon Chime credentials, and keep them fresh for as long as the app is open.
 *
 * chime-signin.d.ts describes the interface. Credentials are refreshed when somebody asks for them, and not by a timer,
 * because a sleeping laptop would miss it. Nothing is stored and nothing is logged.
 *
 * @import { CallOptions, Credentials, Details, Options, SignIn, Time, User } from "./chime-signin.d.ts"
 * @typedef {{ age: () => number, refreshAt: number, endsAt: number }} Times In milliseconds since the request was sent.
 * @typedef {Times & { user: User, keys: Omit<Credentials, "expiration"> }} Session
 * @typedef {{ error: unknown, age: () => number, retryAfter: number, rest: number }} Failure In milliseconds.
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
  get name() { return "SignInError"; } // written out, because minifiers rename classes
}
export class SignInAgainError extends SignInError { get name() { return "SignInAgainError"; } }
export class NotAllowedError extends SignInError { get name() { return "NotAllowedError"; } }
export class UnavailableError extends SignInError { get name() { return "UnavailableError"; } }

// Errors of the service that waiting does not repair. Any other 5xx may come from a proxy, and is worth a retry.
const PERMANENT_ERRORS = ["internal", "upstream_error"];

// Nobody on the way can read a token that is sent by https, or by http to this machine.
const SAFE_ENDPOINT = /^(https:|http:\/\/(localhost|127(\.\d+){3}|\[::1\])(:\d+)?(\/|$))/i;

const TOKEN_MS = 60_000; // for getToken, because the hidden frame of an identity provider may take that long
const ATTEMPT_MS = 15_000; // for one request: the service answers within 8 s, but may have to start first
const PAUSE_MS = { first: 500, longest: 4000 };
const REST_MS = 30_000; // after a failed refresh, while the old credentials still work
const LAST_MINUTE_MS = 60_000; // in which callers wait for new credentials
const SHORTEST_ATTEMPT_MS = 1000; // with less time left, another attempt is useless

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

/** @param {Options} options @returns {SignIn} */
export function chimeSignIn({ endpoint, getToken, signal = new AbortController().signal, patience = 30_000, time }) {
  const clock = { ...TIME, ...time };
  const { url } = new Request(endpoint);
  if (!SAFE_ENDPOINT.test(url))
    throw new TypeError("`endpoint` has to begin with https: the token could be read on the way.");
  const exchange = caller({ url, init: { method: "POST" }, getToken, signal, patience, clock, read: readSession });
  let /** @type {Session | undefined} */ session;
  let /** @type {Failure | undefined} */ failure;
  let /** @type {Promise<Session> | undefined} */ refreshing;
  signal.addEventListener("abort", () => (session = undefined), { once: true });

  /** Return the session if it works for longer than *spare* milliseconds. */
  function usable(spare = 0) {
    return session && session.age() < session.endsAt - spare ? session : undefined;
  }

  /** @param {{ forceRefresh?: boolean }} [options] */
  async function getSession({ forceRefresh = false } = {}) {
    signal.throwIfAborted();
    // Wait for the refresh that is under way and start another one, because the first may be using an older token.
    if (forceRefresh) return Promise.allSettled([refreshing]).then(refresh);
    const old = usable();
    if (!old) return refresh();
    const rests = failure && failure.age() < failure.rest;
    if (old.age() < old.refreshAt || rests) return old;
    // An outage is no error for the caller while the old credentials work. After a refusal there are none left.
    const fresh = refresh().catch((error) => usable() ?? Promise.reject(error));
    fresh.catch(() => {}); // before the last minute nobody waits for this promise, and so nobody handles its error
    return usable(LAST_MINUTE_MS) ?? fresh;
  }

  /** Share one exchange between all callers; while the service has asked to be left alone, fail without one. */
  async function refresh() {
    if (failure && failure.age() < failure.retryAfter) throw failure.error;
    refreshing ??= replaceSession().finally(() => {
      refreshing = undefined;
    });
    return refreshing;
  }

  async function replaceSession() {
    try {
      const fresh = await exchange();
      signal.throwIfAborted();
      failure = undefined;
      session = fresh;
      return fresh;
    } catch (error) {
      if (error instanceof SignInAgainError || error instanceof NotAllowedError) session = undefined;
      const retryAfter = error instanceof UnavailableError ? retryAfterMs(error) : 0;
      const rest = Math.max(REST_MS, retryAfter) * (1 + clock.random() / 2);
      failure = { error, age: stopwatch(clock), retryAfter, rest };
      throw error;
    }
  }

  /** @type {SignIn["call"]} */
  async function call(path, { signal: own = signal, patience: ms = patience, isFinal, ...init }) {
    const either = new AbortController();
    const abort = () => either.abort((signal.aborted ? signal : own).reason);
    for (const each of [signal, own]) each.addEventListener("abort", abort);
    if (signal.aborted || own.aborted) abort();
    const options = { getToken, signal: either.signal, patience: ms, clock, isFinal };
    const exchange = caller({ ...options, url: new URL(`./${path}`, url).href, init, read: (answer) => answer });
    return exchange().finally(() => {
      for (const each of [signal, own]) each.removeEventListener("abort", abort);
    });
  }

  return {
    async credentials(options) {
      const { keys, age, endsAt } = await getSession(options);
      // By this machine's clock, even if that is wrong, because the AWS SDK compares it with the same clock.
      return { ...keys, expiration: new Date(clock.wallClock() + endsAt - age()) };
    },
    async user(options) {
      const { user } = await getSession(options);
      return { ...user };
    },
    call,
  };
}

/**
 * Return a function that makes one call of the service with the app's token, and waits and tries again as need be.
 *
 * @template T
 * @param {Required<Pick<Options, "getToken" | "signal" | "patience">> & {
 *   url: string, init: RequestInit, clock: Time, read: (answer: any, age: () => number) => T,
 *   isFinal?: CallOptions["isFinal"] }} options
 */
function caller({ url, init, getToken, signal, patience, clock, read, isFinal = () => false }) {
  // No redirects, because the token is for this address and no other.
  const request = new Request(url, { cache: "no-store", credentials: "omit", redirect: "error", ...init });
  // Each wait has a controller of its own: the app's signal may live long, and would collect a listener for each wait.
  let step = new AbortController();
  signal.addEventListener("abort", () => step.abort(signal.reason), { once: true });

  async function exchange() {
    const remaining = { ms: patience }; // for both tokens together
    return post(await token(false), remaining).catch(async (error) => {
      if (error?.reason !== "token_expired") throw error;
      return post(await token(true), remaining);
    });
  }

  /** @param {boolean} forceRefresh */
  async function token(forceRefresh) {
    const given = await within(TOKEN_MS, "getToken", async (own) => getToken({ forceRefresh, signal: own }));
    if (!given) throw new SignInAgainError("The app has no token.");
    // Checked here, because fetch would quote the token in its error about a header that cannot be sent.
    if (!/^[!-~]+$/.test(given)) throw new SignInError("What getToken gave is no token.");
    return given;
  }

  /** Try until it works, or until patience is over. @param {string} token @param {{ ms: number }} remaining */
  async function post(token, remaining) {
    let pause = PAUSE_MS.first;
    let limit = ATTEMPT_MS;
    for (;;) {
      const age = stopwatch(clock);
      try {
        return await attempt(token, limit, age);
      } catch (error) {
        if (!(error instanceof UnavailableError) || isFinal(error)) throw error;
        // Random, because all clients are told the same Retry-After and would come back together.
        const retryAfter = retryAfterMs(error);
        const delay = Math.max(retryAfter, pause / 2) + Math.max(retryAfter / 2, pause) * clock.random();
        // No more than the limit, because the machine may have slept during the attempt.
        remaining.ms -= Math.min(age(), limit) + delay;
        if (remaining.ms < SHORTEST_ATTEMPT_MS) throw error;
        signal.throwIfAborted();
        step = new AbortController();
        await clock.wait(delay, step.signal);
      }
      pause = Math.min(2 * pause, PAUSE_MS.longest);
      limit = Math.min(remaining.ms, ATTEMPT_MS);
    }
  }

  /** @param {string} token @param {number} limit @param {() => number} age */
  async function attempt(token, limit, age) {
    const { response, answer } = await within(limit, "The service", async (own) => {
      const headers = { Authorization: `Bearer ${token}` };
      const response = await fetch(request, { headers, signal: own });
      return { response, answer: parseObject(await response.text()) };
    }).catch((cause) => {
      signal.throwIfAborted();
      throw new UnavailableError("The sign-in service cannot be reached.", { cause });
    });
    if (!response.ok) throw errorFor(response, answer);
    return read(answer, age);
  }

  /** @template T @param {number} ms @param {string} who @param {(signal: AbortSignal) => Promise<T>} work */
  async function within(ms, who, work) {
    signal.throwIfAborted();
    const own = new AbortController();
    step = own;
    const late = clock.limit(ms, own.signal).then(() => {
      throw new UnavailableError(`${who} takes too long.`);
    });
    return Promise.race([work(own.signal), late]).finally(() => own.abort());
  }

  return exchange;
}

/** Return a function that tells how many milliseconds ago this was called. @param {Time} clock */
function stopwatch({ wallClock, monotonic }) {
  const start = { wallClock: wallClock(), monotonic: monotonic() };
  // The larger of the two, because the wall clock may be set back and the monotonic clock may stop during sleep.
  return () => Math.max(wallClock() - start.wallClock, monotonic() - start.monotonic);
}

/** @param {string} text @returns {any} The JSON object in *text*, or an empty one if there is none. */
function parseObject(text) {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}

/** @param {UnavailableError} error */
function retryAfterMs({ retryAfter = 0 }) {
  return 1000 * retryAfter;
}

/** @param {number} status @param {string} [error] */
function errorClass(status, error) {
  if (status === 429 || error === "not_open") return UnavailableError;
  if (status >= 500 && !PERMANENT_ERRORS.includes(error ?? "")) return UnavailableError;
  if (status === 401) return SignInAgainError;
  // Not by the status 403, because API Gateway and proxies use it for other reasons.
  return error === "forbidden" ? NotAllowedError : SignInError;
}

/** @param {Response} response @param {any} answer */
function errorFor({ status, headers }, { error, error_description, reason, requestId }) {
  const ErrorClass = errorClass(status, error);
  const header = headers.get("Retry-After") ?? "";
  // Seconds, about a day at most, because anything may answer in the service's place and ask to wait for ever.
  const retryAfter = /^\d{1,5}$/.test(header) ? Number(header) || undefined : undefined;
  const text = error_description ?? `The sign-in service answered with ${status}.`;
  return new ErrorClass(text, { status, reason, requestId, retryAfter });
}

/** @param {any} answer @param {() => number} age @returns {Session} */
function readSession(answer, age) {
  const { ChimeCredentials, ExpiresIn, RefreshAfter, ChimeAppInstanceUserArn: userArn, ChimeUserId: userId } = answer;
  const { ChimeDisplayName: name, ChimeRegion: region, ChimeAppInstanceArn: appInstanceArn } = answer;
  const { Expiration, ...given } = Object(ChimeCredentials);
  const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, SessionToken: sessionToken } = given;
  const endsAt = ExpiresIn * 1000;
  if (!(accessKeyId && secretAccessKey && sessionToken && endsAt > 0))
    throw new SignInError("The answer is not the sign-in service's: check `endpoint`.");
  // The difference of two times of the server is right even if this machine's clock is wrong.
  const lead = Date.parse(Expiration) - Date.parse(RefreshAfter);
  const refreshAt = endsAt - Math.max(LAST_MINUTE_MS, lead >= 0 ? lead : endsAt / 6);
  if (age() >= Math.max(endsAt - LAST_MINUTE_MS, endsAt / 2))
    throw new UnavailableError("The answer is too old: this machine has slept.");
  const user = { userArn, userId, name, region, appInstanceArn };
  return { user, keys: { accessKeyId, secretAccessKey, sessionToken }, age, refreshAt, endsAt };
}
