/** The faults that the page can switch on: in the tokens that it requests, in AWS, and in the issuer. */

const HOUR = 3600;
const active = new Set();
let lastChange = Promise.resolve();

/** Return the body of a request for a token with *claims*, changed by the faults that are on. */
export function tokenRequest(claims, forceRefresh) {
  if (active.has("stale") || (active.has("expired") && !forceRefresh)) return { ...claims, expires_in: -HOUR };
  if (active.has("wrong")) return { ...claims, aud: "another-service" };
  return claims;
}

export const isOn = (fault) => active.has(fault);

/** Read which faults are on already; *issuer* is the address of the issuer. */
export async function readFaults(issuer) {
  const [ofAws, ofIssuer] = await Promise.all([read(AWS_FAULTS), read(`${issuer}/local/faults`)]);
  mark("throttled", ofAws.some((fault) => ["operation", "error"].every((name) => fault[name] === THROTTLED[name])));
  mark("issuer", ofIssuer.length > 0);
}

/** Switch *fault* on or off. Changes wait for each other, because their requests could overtake one another. */
export function toggle(fault, issuer) {
  const change = lastChange.then(async () => {
    const wanted = !active.has(fault);
    await CHANGES[fault]?.(wanted, issuer);
    mark(fault, wanted);
  });
  lastChange = change.catch(() => {}); // the caller of this change gets its error
  return change;
}

function mark(fault, wanted) {
  if (wanted) active.add(fault);
  else active.delete(fault);
}

// Under the page's own address, because the AWS endpoint lets no web page change its faults.
const AWS_FAULTS = "/local/aws/faults";
const THROTTLED = { operation: "AssumeRole", error: "Throttling", status: 400, times: -1 };

const CHANGES = {
  throttled: (wanted) => (wanted ? post(AWS_FAULTS, THROTTLED) : ask(AWS_FAULTS, { method: "DELETE" })),
  async issuer(wanted, issuer) {
    if (!wanted) return ask(`${issuer}/local/faults`, { method: "DELETE" });
    // New keys, because the functions have cached the old ones and would not ask the issuer.
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
