/**
 * Exchange an app's own token for Amazon Chime credentials, and keep them fresh for as long as the app is open.
 *
 * What it offers is described in chime-signin.d.ts. There is no timer that a sleeping laptop could miss: whoever asks
 * for credentials gets some that work now. Nothing is stored and nothing is logged.
 *
 * @import { Credentials, Details, Options, SignIn, Time, User } from "./chime-signin.d.ts"
 */

/**
 * @typedef {object} Session
 * @property {User} user
 * @property {Omit<Credentials, "expiration">} keys
 * @property {() => number} age Milliseconds since it was asked for.
 * @property {number} renewAt At what age to renew it.
 * @property {number} endsAt At what age it ends.
 */

export class SignInError extends Error {
  /** @param {string} message @param {Details & { cause?: unknown }} [details] */
  constructor(message, { status, reason, requestId, retryAfter, cause } = {}) {
    super(message, { cause });
    this.name = new.target.name;
    this.status = status;
    this.reason = reason;
    this.requestId = requestId;
    this.retryAfter = retryAfter;
  }
}
export class SignInAgainError extends SignInError {}
export class NotAllowedError extends SignInError {}
export class UnavailableError extends SignInError {}

const ATTEMPT_MS = 15_000; // the service itself gives up after 8 s, and may have to start first
const FIRST_PAUSE_MS = 500;
const LAST_MINUTE_MS = 60_000; // credentials this near their end are given to nobody
/** @type {Record<number, typeof SignInError>} */
const REFUSALS = {
  401: SignInAgainError,
  403: NotAllowedError,
  429: UnavailableError,
  503: UnavailableError,
  504: UnavailableError, // API Gateway's own, when a function keeps it waiting
};

/** @type {Time} */
const TIME = {
  wall: () => Date.now(),
  steady: () => performance.now(),
  random: () => Math.random(),
  wait: (ms, signal) =>
    new Promise((resolve, reject) => {
      const stop = () => (clearTimeout(timer), reject(signal.reason));
      const timer = setTimeout(() => (signal.removeEventListener("abort", stop), resolve()), ms);
      signal.addEventListener("abort", stop, { once: true });
    }),
};

/** @param {Options} options @returns {SignIn} */
export function chimeSignIn({ endpoint, getToken, signal = new AbortController().signal, patience = 30_000, time }) {
  const clock = { ...TIME, ...time };
  /** @type {Session | undefined} */
  let held;
  /** @type {Promise<Session> | undefined} */
  let renewing;
  /** @type {Promise<never>} */
  const aborted = new Promise((_, reject) =>
    signal.addEventListener("abort", () => ((held = undefined), reject(signal.reason)), { once: true }),
  );
  aborted.catch(() => {}); // whoever waits for something is told; nobody has to

  /** @param {{ forceRefresh?: boolean }} [options] */
  async function session({ forceRefresh = false } = {}) {
    signal.throwIfAborted();
    if (forceRefresh || !held || held.age() >= held.endsAt - LAST_MINUTE_MS) return renew();
    // Nobody waits for a renewal that is not urgent. One that is refused empties `held`: the next caller is told.
    if (held.age() >= held.renewAt) renew().catch(() => {});
    return held;
  }

  function renew() {
    renewing ??= exchange().finally(() => (renewing = undefined));
    return renewing;
  }

  async function exchange() {
    try {
      const fresh = await post(await token(false)).catch(async (error) => {
        if (error.reason !== "token_expired") throw error;
        return post(await token(true));
      });
      return (held = fresh);
    } catch (error) {
      if (error instanceof SignInAgainError || error instanceof NotAllowedError) held = undefined;
      throw error;
    }
  }

  /** @param {boolean} forceRefresh */
  async function token(forceRefresh) {
    const given = await Promise.race([getToken({ forceRefresh, signal }), aborted]);
    if (!given) throw new SignInAgainError("The app has no token.");
    return given;
  }

  /** @param {string} token */
  async function post(token) {
    const started = clock.steady();
    for (let pause = FIRST_PAUSE_MS; ; pause *= 2) {
      const age = stopwatch(clock);
      try {
        return read(await attempt(token), age);
      } catch (error) {
        if (!(error instanceof UnavailableError)) throw error;
        // Everybody is told to wait for the same time, so some of it is left to chance.
        const delay = 1000 * (error.retryAfter ?? 0) + pause * (0.5 + clock.random());
        if (clock.steady() - started + delay > patience) throw error;
        await clock.wait(delay, signal);
      }
    }
  }

  /** @param {string} token */
  async function attempt(token) {
    let response, answer;
    try {
      response = await fetch(endpoint, {
        method: "POST",
        headers: { Authorization: `Bearer ${token}` },
        cache: "no-store",
        credentials: "omit",
        redirect: "error", // the token is for this address and no other
        signal: AbortSignal.any([signal, AbortSignal.timeout(ATTEMPT_MS)]),
      });
      answer = await response.text();
    } catch (cause) {
      signal.throwIfAborted();
      throw new UnavailableError("The sign-in service cannot be reached.", { cause });
    }
    if (response.ok) return object(answer);
    throw refusal(response, object(answer));
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

/**
 * Return what tells the milliseconds since now. One clock may stand still while a laptop sleeps, and the other may be
 * set back: the one that says more is believed.
 *
 * @param {Time} clock
 */
function stopwatch({ wall, steady }) {
  const start = { wall: wall(), steady: steady() };
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

/** @param {Response} response @param {any} answer */
function refusal({ status, headers }, { error_description, reason, requestId }) {
  const Kind = REFUSALS[status] ?? SignInError;
  const retryAfter = Math.max(0, Number(headers.get("Retry-After"))) || undefined;
  const text = error_description ?? `The sign-in service answered with ${status}.`;
  return new Kind(text, { status, reason, requestId, retryAfter });
}

/** @param {any} answer @param {() => number} age @returns {Session} */
function read(answer, age) {
  const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = Object(answer.ChimeCredentials);
  const endsAt = answer.ExpiresIn * 1000;
  if (!AccessKeyId || !SecretAccessKey || !SessionToken || !(endsAt > 0)) throw new SignInError("That is no sign-in.");
  // Both are times of the server's: their difference is right, whatever time it is here.
  const ahead = Date.parse(Expiration) - Date.parse(answer.RefreshAfter);
  const user = {
    userArn: answer.ChimeAppInstanceUserArn,
    userId: answer.ChimeUserId,
    name: answer.ChimeDisplayName,
    region: answer.ChimeRegion,
    appInstanceArn: answer.ChimeAppInstanceArn,
  };
  const keys = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
  return { user, keys, age, renewAt: endsAt - (ahead >= 0 ? ahead : endsAt / 6), endsAt };
}
