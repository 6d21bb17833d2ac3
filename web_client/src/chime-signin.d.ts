/** Exchange an app's own token for Amazon Chime credentials, and keep them fresh for as long as the app is open. */

/**
 * Return a sign-in for one user. Make another one for the next user. It makes no request until it is used, so a server
 * that renders pages may make one, too.
 *
 * @throws TypeError: `endpoint` is missing, or one to which the token would be sent unencrypted.
 */
export function chimeSignIn(options: Options): SignIn;

export interface Options {
  /**
   * The address of the service, which ends in `/signin`. It must begin with `https:`; `http:` is allowed only for this
   * machine (`localhost`, `127.*.*.*`, `[::1]`). As in `fetch`, it may be relative to the page.
   */
  endpoint: string | URL;
  /** Allow `http:` to any machine: everybody on the way can read the token. For tests with devices in your own network. */
  insecure?: boolean;
  /**
   * For how many milliseconds to retry while the service cannot be reached, or `getToken` fails. The default is 30,000.
   * The duration of attempts counts, but the time in which the machine sleeps does not. The first attempt always has 15
   * seconds, and `getToken` one minute.
   */
  patience?: number;
  /**
   * Returns the app's token, a JWT. It has one minute. `forceRefresh` is true if the service has just refused the last
   * token as expired: then return a new token, not a cached one. If it fails, it is called again, as the service is. If
   * it returns nothing, nobody is signed in to the app, as long as there are no credentials that work. To sign the user
   * out, abort `signal`.
   */
  getToken: (wish: { forceRefresh: boolean; signal: AbortSignal }) => Token | Promise<Token>;
  /** Abort it when the user signs out: requests and waits end, the credentials are dropped, and later calls fail. */
  signal?: AbortSignal;
  /** Called in place of the global `fetch`, with an address and options. */
  fetch?: (url: string, options: RequestInit) => Promise<Response>;
  /** For tests. */
  time?: Partial<Time>;
}

export type Token = string | null | undefined;

export interface WaitOptions {
  /**
   * Make a full sign-in even if there are good credentials, for example because the user has a new name. It has no
   * influence on the token: `getToken` is called as always, and should already return a token with the new name.
   */
  forceRefresh?: boolean;
  /** Ends this caller's wait. What others wait for goes on. */
  signal?: AbortSignal;
  /** As in `Options`, for this call. Callers who share a request have the longest patience among them. */
  patience?: number;
}

/**
 * `credentials` and `user` sign in if there are no credentials yet. Callers at the same time share one request.
 * Everything here can be taken off the object and passed on as a function.
 */
export interface SignIn {
  /** A credentials provider: pass the function itself to a client of the AWS SDK for JavaScript v3. */
  credentials: (options?: WaitOptions) => Promise<Credentials>;
  /** Who is signed in, and where. */
  user: (options?: WaitOptions) => Promise<User>;
  /**
   * How many milliseconds the server's clock is ahead of this machine's, to two seconds: the `systemClockOffset` of a
   * client of the AWS SDK. 0 before the first answer.
   */
  clockOffset: () => number;
  /** What is going on. The same object until it changes, as React's `useSyncExternalStore` needs it. */
  state: () => State;
  /** Call *listener* after each change of the state, until the function that this returns is called. */
  subscribe: (listener: (state: State) => void) => () => void;
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

/**
 * `status` is one of:
 *
 * - `idle`: nobody has asked for anything yet.
 * - `signing-in`: a request is under way, and there are no credentials that work.
 * - `renewing`: a request is under way, and the credentials from before still work.
 * - `signed-in`: there are new credentials.
 * - `waiting`: the service, or a token, cannot be had now. There is another attempt, or when patience is over, there is
 *   one as soon as somebody asks. Credentials from before work until they end.
 * - `refused`: the attempt failed, and waiting does not help.
 * - `signed-out`: `signal` was aborted. This never changes.
 *
 * It changes only when something happens: credentials that end while nobody asks for any change nothing.
 */
export type State =
  | { readonly status: "idle" | "signing-in" | "renewing" | "signed-in" | "signed-out"; readonly error?: undefined }
  | { readonly status: "waiting" | "refused"; /** What went wrong. */ readonly error: Error & Details };

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
  /** The user's name in Chime. */
  name: string;
  /** The region of the AppInstance. Every Chime client needs it. */
  region: string;
  appInstanceArn: string;
  /** There for guests alone: people who were invited by a token, and may do less. */
  guest?: true;
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
  /** The HTTP status of the last answer, if there was one. */
  status?: number;
  /** The service's reason code, such as `wrong_audience`. */
  reason?: string;
  /** The id to look for in the service's logs. */
  requestId?: string;
  /** How many seconds the service asked to wait. */
  retryAfter?: number;
  /** The address that was called. */
  url?: string;
}

/**
 * Something has to be repaired: waiting does not help, nor does a new sign-in. All errors are of this class. Tell them
 * apart by `name`, because an app may hold two copies of a class.
 */
export class SignInError extends Error implements Details {
  constructor(message: string, details?: Details & { cause?: unknown });
  readonly name: string;
  status: number | undefined;
  reason: string | undefined;
  requestId: string | undefined;
  retryAfter: number | undefined;
  url: string | undefined;
}

/** There is no token, or the service refuses it and would accept a new one: send the user to the app's own sign-in. */
export class SignInAgainError extends SignInError {
  readonly name: "SignInAgainError";
}

/** The token is good, but the user may not sign in: do not retry. */
export class NotAllowedError extends SignInError {
  readonly name: "NotAllowedError";
}

/** The token is another user's than the first one was: make a new sign-in, and new clients, for that user. */
export class OtherUserError extends SignInError {
  readonly name: "OtherUserError";
}

/**
 * The service could not be reached, or `getToken` failed, until `patience` was over: tell the user, and try again
 * later. Until `retryAfter` is over there is no request, and callers without credentials get this error.
 *
 * If the service can never be reached, look at the stack's `AllowedOrigins`: if it does not list the app's origin, the
 * browser reports the same error as for a service that does not exist.
 */
export class UnavailableError extends SignInError {
  readonly name: "UnavailableError";
}
