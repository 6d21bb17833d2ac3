/** Exchange an app's own token for Amazon Chime credentials, and keep them fresh for as long as the app is open. */

/**
 * Return a sign-in for one user. Make another one for the next user. It makes no request until it is used.
 *
 * @throws TypeError: `endpoint` is not an address, or one to which the token would be sent unencrypted.
 */
export function chimeSignIn(options: Options): SignIn;

export interface Options {
  /**
   * The address of the service, which ends in `/signin`. It must begin with `https:`; `http:` is allowed only for this
   * machine (`localhost`, `127.*.*.*`, `[::1]`). As in `fetch`, it may be relative to the page.
   */
  endpoint: string | URL;
  /**
   * Returns the app's token, a JWT, or nothing if nobody is signed in to the app. It has one minute. `forceRefresh` is
   * true if the service has just refused the last token as expired: then return a new token, not a cached one.
   */
  getToken: (wish: { forceRefresh: boolean; signal: AbortSignal }) => Token | Promise<Token>;
  /** Abort it when the user signs out: requests and waits end, the credentials are dropped, and later calls fail. */
  signal?: AbortSignal;
  /**
   * For how many milliseconds to retry while the service cannot be reached. The default is 30,000. The duration of
   * attempts counts, but the time in which the machine sleeps does not. The first attempt always has 15 seconds.
   */
  patience?: number;
  /** For tests. */
  time?: Partial<Time>;
}

export type Token = string | null | undefined;

/**
 * Both functions sign in if there are no credentials yet. Callers at the same time share one request.
 *
 * `forceRefresh` makes a request even if there are good credentials, for example because the user has a new name. It
 * has no influence on the token: `getToken` is called as always, and should already return a token with the new name.
 */
export interface SignIn {
  /** A credentials provider: pass the function itself to a client of the AWS SDK for JavaScript v3. */
  credentials: (options?: { forceRefresh?: boolean }) => Promise<Credentials>;
  /** Who is signed in, and where. */
  user: (options?: { forceRefresh?: boolean }) => Promise<User>;
  /** For rooms.js: call another route of the service, *path* beside `endpoint`. Resolves with the JSON of the answer. */
  call: (path: string, options: CallOptions) => Promise<any>;
}

export interface CallOptions {
  method: "POST" | "DELETE";
  /** Let the request outlive the page, as in `fetch`. */
  keepalive?: boolean;
  /** Abort it to end this call. The sign-in's own `signal` ends it, too. */
  signal?: AbortSignal;
  /** Instead of the sign-in's `patience`. */
  patience?: number;
  /** Tells which of the errors that waiting may repair are not to be waited out. */
  isFinal?: (error: UnavailableError) => boolean;
}

export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
  /** By the clock of this machine, even if that is wrong. */
  expiration: Date;
}

export interface User {
  userArn: string;
  userId: string;
  name: string;
  /** The region of the AppInstance. Every Chime client needs it. */
  region: string;
  appInstanceArn: string;
}

export interface Time {
  /** Milliseconds by the wall clock, which may be wrong and may be set. */
  wallClock: () => number;
  /** Milliseconds by a clock that is never set, but may stop while the machine sleeps. */
  monotonic: () => number;
  /** A random number from 0 to 1. */
  random: () => number;
  /** The wait between two attempts. When the signal is aborted, reject with its reason. */
  wait: (ms: number, signal: AbortSignal) => Promise<void>;
  /** The same, for the limit of an attempt or of `getToken`. */
  limit: (ms: number, signal: AbortSignal) => Promise<void>;
}

export interface Details {
  /** The HTTP status, if there was an answer. */
  status?: number;
  /** The service's reason code, such as `wrong_audience`. */
  reason?: string;
  /** The id to look for in the service's logs. */
  requestId?: string;
  /** How many seconds the service asks to wait. */
  retryAfter?: number;
}

/** Any other failure. Waiting does not help: something has to be repaired. */
export class SignInError extends Error implements Details {
  constructor(message: string, details?: Details & { cause?: unknown });
  status?: number;
  reason?: string;
  requestId?: string;
  retryAfter?: number;
}

/** The token is refused, and a fresh one would be, too: send the user to the app's own sign-in. */
export class SignInAgainError extends SignInError {}

/** The token is good, but the user may not sign in: do not retry. */
export class NotAllowedError extends SignInError {}

/**
 * The service could not be reached before `patience` was over, or `getToken` took too long: tell the user, and try
 * again later. Until `retryAfter` is over there is no request, and callers without credentials get this error.
 *
 * If the service can never be reached, look at the stack's `AllowedOrigins`: if it does not list the app's origin, the
 * browser reports the same error as for a service that does not exist.
 */
export class UnavailableError extends SignInError {}
