/** The people of the page, how they sign in, and what an app would tell them of an error. */

import { tokenRequest } from "./faults.js";
import { NotAllowedError, SignInAgainError, UnavailableError, chimeSignIn } from "./web_client/chime-signin.js";

export const issuer = document.querySelector('meta[name="issuer"]').content;
export const aws = document.querySelector('meta[name="aws"]').content;
export const endpoint = new URL("/signin", location.href);
export const ADA = { sub: "ada", name: "Ada Lovelace" };
/** The invitation for which this page was opened, if there is one: then its guest is here in Bob's place. */
export const INVITATION = location.hash.split("#invitation=")[1];
const GUEST = { sub: "vera", name: "Vera (guest)" };
export const BOB = INVITATION ? { ...GUEST, sub: "bob", invitation: INVITATION } : { sub: "bob", name: "Bob Kahn" };

/** Return an invitation for an hour, of the guests' own issuer, to write in a channel and to meet in *rooms*. */
export const invite = (rooms) => fetchToken({ ...GUEST, iss: `${issuer}/guests`, rooms });

/** Return a token of the local issuer with the claims in *request*, or the invitation there. */
export async function fetchToken(request, signal) {
  if (request.invitation) return request.invitation;
  const body = JSON.stringify(request);
  const response = await fetch(`${issuer}/token`, { method: "POST", body, signal }).catch((cause) => {
    throw new Error("The token issuer cannot be reached.", { cause });
  });
  return (await response.json()).access_token;
}

/** Return the sign-in of the person with *claims*, until *signal* is aborted; the page's faults are in its tokens. */
export function signInAs(claims, signal) {
  const getToken = ({ forceRefresh, signal: own }) => fetchToken(tokenRequest(claims, forceRefresh), own);
  return chimeSignIn({ endpoint, getToken, signal });
}

/** Return the text of *error*, or of the error for which there is no token. */
export const reasonOf = (error) => (!error.url && error.cause?.message) || error.message;

/** Return kind, title and text of the message that an app would show for *error*. */
export function explain(error) {
  // The AWS SDK's errors have the status in their metadata.
  const about = [error.status ?? error.$metadata?.httpStatusCode, error.reason].filter(Boolean).join(", ");
  const text = about ? `${error.message} (${about})` : reasonOf(error);
  if (error instanceof SignInAgainError) return ["bad", "Sign in again.", text];
  if (error instanceof NotAllowedError) return ["bad", "Not allowed.", text];
  if (error instanceof UnavailableError) return ["wait", "Out of reach. Try later.", text];
  return ["bad", "It failed.", text];
}
