/** What the switches of the page spoil: the tokens that it asks for, AWS, or the issuer. */

const HOUR = 3600;
const on = new Set();

/** Return what to ask the issuer for: a token with *claims*, as the switches have it. */
export function tokenRequest(claims, forceRefresh) {
  if (on.has("stale") || (on.has("expired") && !forceRefresh)) return { ...claims, expires_in: -HOUR };
  if (on.has("wrong")) return { ...claims, aud: "another-service" };
  return claims;
}

/** Switch *fault* on or off. */
export async function switchFault(fault, wanted, addresses) {
  on[wanted ? "add" : "delete"](fault);
  await CHANGES[fault]?.(wanted, addresses);
}

const CHANGES = {
  throttled: (wanted, { aws }) =>
    wanted
      ? post(`${aws}/local/faults`, { operation: "AssumeRole", error: "Throttling", status: 400, times: -1 })
      : fetch(`${aws}/local/faults`, { method: "DELETE" }),
  async issuer(wanted, { issuer }) {
    // The functions remember the keys that they know: a new one has to be fetched.
    await post(`${issuer}/local/rotate`, { drop_old: true });
    if (wanted) await post(`${issuer}/local/faults`, { status: 500, times: -1 });
    else await fetch(`${issuer}/local/faults`, { method: "DELETE" });
  },
};

function post(url, body) {
  return fetch(url, { method: "POST", body: JSON.stringify(body) });
}
