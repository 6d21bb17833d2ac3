/**
 * What can go wrong, and which answer of the service means what.
 *
 * @import { Details } from "./chime-signin.d.ts"
 */

export class SignInError extends Error {
  /** @param {string} message @param {Details & { cause?: unknown }} [details] */
  constructor(message, { status, reason, requestId, retryAfter, url, cause } = {}) {
    super(message, { cause });
    this.status = status;
    this.reason = reason;
    this.requestId = requestId;
    this.retryAfter = retryAfter;
    this.url = url;
  }
  /** Written out, because minifiers rename classes. @returns {string} */
  get name() { return "SignInError"; }
}
export class SignInAgainError extends SignInError { get name() { return /** @type {const} */ ("SignInAgainError"); } }
export class NotAllowedError extends SignInError { get name() { return /** @type {const} */ ("NotAllowedError"); } }
export class OtherUserError extends SignInError { get name() { return /** @type {const} */ ("OtherUserError"); } }
export class UnavailableError extends SignInError { get name() { return /** @type {const} */ ("UnavailableError"); } }

/**
 * The class for each `error` of the service (docs/api.md), or for an `error` and its `reason`. An answer with any other
 * `error` is not the service's.
 */
const CLASSES = new Map([
  ["unauthorized", SignInAgainError],
  ["invalid_token", SignInError], // a new sign-in would give the same kind of token: an app that redirects would loop
  ["invalid_token token_expired", SignInAgainError],
  ["invalid_token bad_signature", SignInAgainError],
  ["invalid_token unknown_key", SignInAgainError],
  ["forbidden", NotAllowedError],
  ["not_found", SignInError],
  ["too_large", SignInError],
  ["bad_request", SignInError],
  ["throttled", UnavailableError],
  ["internal", SignInError],
  ["upstream_error", SignInError],
  ["unavailable", UnavailableError],
  ["not_open", UnavailableError],
  ["room_full", SignInError],
]);

/**
 * Return the error for an answer that is no success. *now* is the server's time in milliseconds, as far as it is known.
 *
 * @param {Response} response @param {any} answer @param {string} url @param {number} now
 */
export function errorFor({ status, headers }, { error, error_description, reason, requestId }, url, now) {
  const retryAfter = secondsIn(headers.get("Retry-After") ?? "", now);
  const Ours = CLASSES.get(`${error} ${reason}`) ?? CLASSES.get(error);
  if (Ours) return new Ours(error_description ?? error, { status, reason, requestId, retryAfter, url });
  // A gateway or a proxy on the way: it may have a bad moment (408, 429, 5xx), but it cannot judge a token or a user.
  const Theirs = status === 408 || status === 429 || status >= 500 ? UnavailableError : SignInError;
  return new Theirs(`${status} is not an answer of the sign-in service: check \`endpoint\`.`, { status, retryAfter, url });
}

/** Read a Retry-After (RFC 9110, 10.2.3). @param {string} header @param {number} now */
function secondsIn(header, now) {
  const isDate = /^[A-Z][a-z]+, .* GMT$/.test(header);
  const given = isDate ? Math.ceil((Date.parse(header) - now) / 1000) : Number(/^\d+$/.exec(header)?.[0]);
  // A day at most, because anything may answer in the service's place and ask to wait for ever.
  return given > 0 && given <= 86_400 ? given : undefined;
}
