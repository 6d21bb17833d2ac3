/**
 * Exchange an app's own token for Amazon Chime credentials, and keep them fresh for as long as the app is open.
 *
 * chime-signin.d.ts describes the interface. Credentials are refreshed when somebody asks for them, and not by a timer,
 * because a sleeping laptop would miss it. Nothing is stored and nothing is logged.
 *
 * @import { Credentials, Options, SignIn, State, User, WaitOptions } from "./chime-signin.d.ts"
 * @typedef {{ age: () => number, refreshAt: number, endsAt: number }} Times In milliseconds since the request was sent.
 * @typedef {Times & { user: User, keys: Omit<Credentials, "expiration"> }} Session
 * @typedef {{ error: unknown, age: () => number, retryAfter: number, rest: number }} Failure In milliseconds.
 * @typedef {{ isFull: boolean, budget: { patience: number }, done: Promise<Session> }} Refresh
 */

import { caller, linked, retryAfterMs, stopwatch, throwIfAborted } from "./call.js";
import { NotAllowedError, OtherUserError, SignInAgainError, SignInError, UnavailableError } from "./errors.js";
import { addressOf, beside } from "./inputs.js";

export { NotAllowedError, OtherUserError, SignInAgainError, SignInError, UnavailableError };

const REST_MS = 30_000; // after a failed refresh, while the old credentials still work
const LAST_MINUTE_MS = 60_000; // in which callers wait for new credentials
const DAY_MS = 86_400_000; // after which a renewal is followed by a full sign-in, which mends the user in Chime
const FINAL = [SignInAgainError, NotAllowedError, OtherUserError]; // after these the old credentials are dropped

/** @param {Options} options @returns {SignIn} */
export function chimeSignIn({ endpoint, insecure, patience: usual = 30_000, signal: given, ...options }) {
  const signal = given ?? new AbortController().signal;
  const { call, clock, offset } = caller(options, () => Boolean(usable()));
  addressOf(endpoint, insecure); // now for its error only: a server that renders pages has no address for a relative one
  let /** @type {Session | undefined} */ session;
  let /** @type {Failure | undefined} */ failure;
  let /** @type {Refresh | undefined} */ running;
  let /** @type {string | undefined} */ firstUserArn;
  let /** @type {string | undefined} */ nameInToken; // as the last renewal answered it
  let sinceFull = () => 0;
  let /** @type {State} */ state = { status: "idle" };
  const listeners = new Set();
  const end = () => {
    session = undefined;
    change({ status: "signed-out" });
  };
  if (signal.aborted) end();
  else signal.addEventListener("abort", end, { once: true });

  /** @param {State} next */
  function change(next) {
    if (state.status === "signed-out") return;
    state = next;
    // Later, so that a listener's error reaches the console and not the sign-in.
    for (const listener of listeners) Promise.resolve(next).then(listener);
  }

  /** Return the session if it works for longer than *spare* milliseconds. */
  function usable(spare = 0) {
    return session && session.age() < session.endsAt - spare ? session : undefined;
  }

  /** @param {WaitOptions} [options] */
  async function getSession({ forceRefresh = false, patience = usual } = {}) {
    throwIfAborted(signal);
    if (forceRefresh) return refreshFully(patience);
    const old = usable();
    if (!old) return refresh(false, patience);
    const rests = failure && failure.age() < failure.rest;
    if (old.age() < old.refreshAt || rests) return old;
    // An outage is no error for the caller while the old credentials work. After a refusal there are none left.
    const fresh = refresh(false, patience).catch((error) => usable() ?? Promise.reject(error));
    fresh.catch(() => {}); // before the last minute nobody waits for this promise, and so nobody handles its error
    return usable(LAST_MINUTE_MS) ?? fresh;
  }

  /** The caller's own signal ends only that caller's wait. @param {WaitOptions} [options] */
  async function sessionFor(options) {
    if (!options?.signal) return getSession(options);
    return linked([options.signal], (own) => Promise.race([getSession(options), aborted(own)]));
  }

  /** Do not share the refresh under way: it may be using an older token, or be a renewal. @param {number} patience */
  async function refreshFully(patience) {
    await running?.done.catch(() => {});
    while (running && !running.isFull) await running.done.catch(() => {});
    return refresh(true, patience);
  }

  /**
   * Share one exchange between all callers; while the service has asked to be left alone, fail without one.
   *
   * @param {boolean} isFull @param {number} patience
   */
  async function refresh(isFull, patience) {
    if (running) {
      running.budget.patience = Math.max(running.budget.patience, patience);
      return running.done;
    }
    if (failure && failure.age() < failure.retryAfter) throw failure.error;
    const budget = { patience };
    const done = replaceSession(isFull, budget).finally(() => {
      running = undefined;
    });
    running = { isFull, budget, done };
    return done;
  }

  /** @param {boolean} isFull @param {{ patience: number }} budget */
  async function replaceSession(isFull, budget) {
    change({ status: usable() ? "renewing" : "signing-in" });
    try {
      const fresh = await exchange(isFull, budget);
      throwIfAborted(signal);
      failure = undefined;
      session = fresh;
      change({ status: "signed-in" });
      return fresh;
    } catch (error) {
      if (!signal.aborted) fail(error);
      throw error;
    }
  }

  /** @param {any} error */
  function fail(error) {
    if (endsSession(error)) session = undefined;
    const isOutage = error instanceof UnavailableError;
    const retryAfter = isOutage ? retryAfterMs(error) : 0;
    // Nothing can be renewed after the end of an invitation, so that nobody is asked again while the credentials work.
    const rest = isOver(error) ? Infinity : Math.max(REST_MS, retryAfter) * (1 + clock.random() / 2);
    failure = { error, age: stopwatch(clock), retryAfter, rest };
    change({ status: isOutage ? "waiting" : "refused", error });
  }

  /** @param {boolean} isFull @param {{ patience: number }} budget */
  async function exchange(isFull, budget) {
    if (isFull || !session) return signInFully(budget, undefined);
    const { name } = session.user;
    const renewed = await request("renewal=true", budget);
    const answered = renewed.user.name;
    // The user's name in Chime stays what it was. It is not the token's if the token has none.
    renewed.user.name = name;
    if ((answered === name || answered === nameInToken) && sinceFull() < DAY_MS) {
      nameInToken = answered;
      return renewed;
    }
    // One attempt only: what was renewed is good, and the next renewal tries again.
    return signInFully({ patience: 0 }, answered).catch((error) => (endsSession(error) ? Promise.reject(error) : renewed));
  }

  /**
   * Sign in without `renewal`, so that the service creates or renames the user in Chime.
   *
   * @param {{ patience: number }} budget @param {string | undefined} name The token's, if a renewal has just answered it.
   */
  async function signInFully(budget, name) {
    const fresh = await request("", budget);
    nameInToken = name;
    sinceFull = fresh.age;
    return fresh;
  }

  /** @param {string} query @param {{ patience: number }} budget @returns {Promise<Session>} */
  async function request(query, budget) {
    const address = knownAddress();
    const url = query ? `${address}${address.includes("?") ? "&" : "?"}${query}` : address;
    const onWait = (/** @type {SignInError} */ error) => change({ status: "waiting", error });
    return call({ url, init: { method: "POST" }, signals: [signal], budget, isFinal: () => false, onWait, read });
  }

  function knownAddress() {
    const address = addressOf(endpoint, insecure);
    if (!address) throw new TypeError("`endpoint` is relative, and there is no page: call this in the browser only.");
    return address;
  }

  /** @param {any} answer @param {() => number} age */
  function read(answer, age) {
    const fresh = readSession(answer, age);
    const { user, endsAt, serverTime } = fresh;
    if (age() >= Math.max(endsAt - LAST_MINUTE_MS, endsAt / 2))
      throw new UnavailableError("The answer is too old: this machine has slept.");
    offset.ms = serverTime - clock.wallClock();
    firstUserArn ??= user.userArn;
    if (user.userArn === firstUserArn) return fresh;
    throw new OtherUserError("The token is now another user's: make a new sign-in for that user.");
  }

  return {
    async credentials(options) {
      const { keys, age, endsAt } = await sessionFor(options);
      // By this machine's clock, even if that is wrong, because the AWS SDK compares it with the same clock.
      return { ...keys, expiration: new Date(clock.wallClock() + endsAt - age()) };
    },
    async user(options) {
      const { user } = await sessionFor(options);
      return { ...user };
    },
    async call(path, { signal: own, patience = usual, isFinal = () => false, ...init }) {
      const signals = own ? [signal, own] : [signal];
      const url = beside(knownAddress(), path);
      return call({ url, init, signals, budget: { patience }, isFinal, onWait() {}, read: (answer) => answer });
    },
    clockOffset: () => offset.ms,
    state: () => state,
    subscribe(listener) {
      const own = (/** @type {State} */ next) => listeners.has(own) && listener(next);
      listeners.add(own);
      return () => void listeners.delete(own);
    },
  };
}

/** @param {unknown} error */
function endsSession(error) {
  return FINAL.some((Kind) => error instanceof Kind) && !isOver(error);
}

/** Whether a guest's invitation ends: what it gave works until then. @param {unknown} error */
function isOver(error) {
  return Object(error).reason === "invitation_ends";
}

/** @param {AbortSignal} signal @returns {Promise<never>} */
function aborted(signal) {
  return new Promise((_, reject) => signal.addEventListener("abort", reject));
}

/** Read what the types promise, and all of it. @param {any} answer @param {() => number} age */
function readSession(answer, age) {
  const { ChimeCredentials, ExpiresIn, RefreshAfter, ChimeAppInstanceUserArn: userArn, ChimeUserId: userId } = answer;
  const { ChimeDisplayName: name, ChimeRegion: region, ChimeAppInstanceArn: appInstanceArn } = answer;
  const { Expiration, ...given } = Object(ChimeCredentials);
  const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, SessionToken: sessionToken } = given;
  const user = { userArn, userId, name, region, appInstanceArn };
  const keys = { accessKeyId, secretAccessKey, sessionToken };
  const isWhole = [...Object.values(user), ...Object.values(keys)].every((text) => text && typeof text === "string");
  const endsAt = ExpiresIn * 1000;
  const serverTime = Date.parse(Expiration) - endsAt;
  if (!(isWhole && endsAt > 0 && Number.isFinite(serverTime)))
    throw new SignInError("The answer is not the sign-in service's: check `endpoint`.");
  // The difference of two times of the server is right even if this machine's clock is wrong.
  const lead = Date.parse(Expiration) - Date.parse(RefreshAfter);
  const refreshAt = endsAt - Math.max(LAST_MINUTE_MS, lead >= 0 ? lead : endsAt / 6);
  const isGuest = answer.ChimeGuest === true;
  return { user: isGuest ? { ...user, guest: isGuest } : user, keys, age, refreshAt, endsAt, serverTime };
}
