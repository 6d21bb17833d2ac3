/** Exchange an app's own token for Amazon Chime credentials, and keep them fresh for as long as the app is open. */

/**
 * Return a sign-in, which is one user's: the next user gets another one. It asks for nothing until it is asked.
 *
 * @throws TypeError: `endpoint` is no address, or one to which the token would travel in the clear.
 */
export function chimeSignIn(options: Options): SignIn;

export interface Options {
  /**
   * Where to sign in: the address that ends in `/signin`. It begins with `https:`; `http:` is taken for this machine
   * alone, `localhost`, `127.0.0.1` and its like, or `[::1]`. A relative one is relative to the page, as in `fetch`.
   */
  endpoint: string | URL;
  /**
   * Gives the app's token, a JWT, or nothing if nobody is signed in. It has a minute. With `forceRefresh` the service
   * has just refused the last token as expired: get a new one, whatever is cached.
   */
  getToken: (wish: { forceRefresh: boolean; signal: AbortSignal }) => Token | Promise<Token>;
  /** Abort it when the user signs out: requests and waits end, credentials are forgotten, later calls are refused. */
  signal?: AbortSignal;
  /**
   * For how many milliseconds to try again while the service is out of reach: 30,000 unless given. The time that
   * attempts take counts, sleep does not. The first attempt may take 15 seconds in any case.
   */
  patience?: number;
  /** For tests. */
  time?: Partial<Time>;
}

export type Token = string | null | undefined;

/**
 * Both functions sign in if need be, and share one request with whoever else is waiting for it.
 *
 * With `forceRefresh` the service is asked whatever is held, because the user has another name now, say. It says
 * nothing about the token: `getToken` is called as ever, and should have the new one at hand by then.
 */
export interface SignIn {
  /** A credentials provider: hand the function itself to a client of the AWS SDK for JavaScript v3. */
  credentials: (options?: { forceRefresh?: boolean }) => Promise<Credentials>;
  /** Who is signed in, and where. */
  user: (options?: { forceRefresh?: boolean }) => Promise<User>;
}

export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
  /** By this machine's clock, however wrong that is. */
  expiration: Date;
}

export interface User {
  userArn: string;
  userId: string;
  name: string;
  /** Where the AppInstance is: the region of every Chime client. */
  region: string;
  appInstanceArn: string;
}

export interface Time {
  /** Milliseconds by the clock on the wall, which may be wrong and may be set. */
  wall: () => number;
  /** Milliseconds by a clock that nobody sets, which may stand still during sleep. */
  steady: () => number;
  /** From 0 to 1. */
  random: () => number;
  /** Wait between attempts, or until the signal is aborted: then reject with its reason. */
  wait: (ms: number, signal: AbortSignal) => Promise<void>;
  /** The same, beside something that may take so long at most. */
  limit: (ms: number, signal: AbortSignal) => Promise<void>;
}

export interface Details {
  /** The HTTP status, if there was an answer. */
  status?: number;
  /** The service's own word for it, such as `wrong_audience`. */
  reason?: string;
  /** What to look for in the service's logs. */
  requestId?: string;
  /** Seconds that the service asks to be left alone. */
  retryAfter?: number;
}

/** Signing in failed in a way that is none of the others: something has to be mended. */
export class SignInError extends Error implements Details {
  constructor(message: string, details?: Details & { cause?: unknown });
  status?: number;
  reason?: string;
  requestId?: string;
  retryAfter?: number;
}

/** The token is not accepted, and a fresh one would not be either: send the user to the app's own sign-in. */
export class SignInAgainError extends SignInError {}

/** The user is known and may not enter: stop. */
export class NotAllowedError extends SignInError {}

/**
 * The service stayed out of reach for as long as patience lasted, or `getToken` gave nothing in time: say so, and try
 * again later. Until `retryAfter` is over the service is left alone, and callers without credentials get this error.
 *
 * If it never is within reach, look at the stack's `AllowedOrigins`: of a service that does not list the app's origin
 * a browser says no more than of one that is not there.
 */
export class UnavailableError extends SignInError {}
