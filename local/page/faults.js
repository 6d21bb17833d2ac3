/** What the switches of the page spoil: the tokens that it asks for, AWS, or the issuer. */

const HOUR = 3600;
const on = new Set();

/** Return what to ask the issuer for: a token with *claims*, as the switches have it. */
export function tokenRequest(claims, forceRefresh) {
  if (on.has("stale") || (on.has("expired") && !forceRefresh)) return { ...claims, expires_in: -HOUR };
  if (on.has("wrong")) return { ...claims, aud: "another-service" };
  return claims;
}

/** Switch *fault* on or off; *issuer* is the issuer's address. */
export async function switchFault(fault, wanted, issuer) {
  on[wanted ? "add" : "delete"](fault);
  await CHANGES[fault]?.(wanted, issuer);
}

// By way of the page's own address: AWS's endpoint allows no web page a DELETE there, and other pages nothing at all.
const AWS_FAULTS = "/local/aws/faults";
const THROTTLED = { operation: "AssumeRole", error: "Throttling", status: 400, times: -1 };

const CHANGES = {
  throttled: (wanted) => (wanted ? post(AWS_FAULTS, THROTTLED) : fetch(AWS_FAULTS, { method: "DELETE" })),
  async issuer(wanted, issuer) {
    // The functions remember the keys that they know: a new one has to be fetched.
    await post(`${issuer}/local/rotate`, { drop_old: true });
    if (wanted) await post(`${issuer}/local/faults`, { status: 500, times: -1 });
    else await fetch(`${issuer}/local/faults`, { method: "DELETE" });
  },
};

function post(url, body) {
  return fetch(url, { method: "POST", body: JSON.stringify(body) });
}
