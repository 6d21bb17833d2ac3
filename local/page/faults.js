/** What the switches of the page spoil: the tokens that it asks for, AWS, or the issuer. */

const HOUR = 3600;
const on = new Set();
let last = Promise.resolve();

/** Return what to ask the issuer for: a token with *claims*, as the switches have it. */
export function tokenRequest(claims, forceRefresh) {
  if (on.has("stale") || (on.has("expired") && !forceRefresh)) return { ...claims, expires_in: -HOUR };
  if (on.has("wrong")) return { ...claims, aud: "another-service" };
  return claims;
}

export const isOn = (fault) => on.has(fault);

/** Learn what is spoilt already; *issuer* is the issuer's address. */
export async function readFaults(issuer) {
  const [ofAws, ofIssuer] = await Promise.all([read(AWS_FAULTS), read(`${issuer}/local/faults`)]);
  set("throttled", ofAws.some((fault) => ["operation", "error"].every((name) => fault[name] === THROTTLED[name])));
  set("issuer", ofIssuer.length > 0);
}

/** Switch *fault* on, or off if it is on. One press waits for the other, or their requests would overtake. */
export function toggle(fault, issuer) {
  const turn = last.then(async () => {
    const wanted = !on.has(fault);
    await CHANGES[fault]?.(wanted, issuer);
    set(fault, wanted);
  });
  last = turn.catch(() => {}); // whoever pressed is told
  return turn;
}

function set(fault, wanted) {
  on[wanted ? "add" : "delete"](fault);
}

// By way of the page's own address: AWS's endpoint allows no web page a DELETE there, and other pages nothing at all.
const AWS_FAULTS = "/local/aws/faults";
const THROTTLED = { operation: "AssumeRole", error: "Throttling", status: 400, times: -1 };

const CHANGES = {
  throttled: (wanted) => (wanted ? post(AWS_FAULTS, THROTTLED) : ask(AWS_FAULTS, { method: "DELETE" })),
  async issuer(wanted, issuer) {
    if (!wanted) return ask(`${issuer}/local/faults`, { method: "DELETE" });
    // The functions remember the keys that they know: a new one has to be fetched.
    await post(`${issuer}/local/rotate`, { drop_old: true });
    await post(`${issuer}/local/faults`, { status: 500, times: -1 });
  },
};

const read = async (url) => (await ask(url)).json();
const post = (url, body) => ask(url, { method: "POST", body: JSON.stringify(body) });

async function ask(url, options) {
  const response = await fetch(url, options);
  if (!response.ok) throw new Error(`${url} answered with ${response.status}.`);
  return response;
}
