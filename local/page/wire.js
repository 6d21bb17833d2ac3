/** Show each request that the page makes, whoever makes it: the web client, the AWS SDK, or the page itself. */

const SHOWN = 12;
const WAITED_OUT = [429, 503]; // by the web client
// By way of the page's own address: AWS's endpoint tells its calls to no web page.
const AWS_CALLS = "/local/aws/calls";

export const isWaitedOut = (status) => status === undefined || WAITED_OUT.includes(status);

/**
 * List requests in *body*, a table's, the newest first; *addresses* have names to be shown by. *heard* is told each
 * request and the status of its answer, before whoever made it is: undefined if there was none.
 */
export function watchRequests(body, addresses, heard) {
  const send = window.fetch;
  const called = () => send(AWS_CALLS).then((response) => response.json()).catch(() => []);
  let seen = 0;
  window.fetch = async (...request) => {
    const asked = request[0] instanceof Request ? new Request(request[0].clone(), request[1]) : new Request(...request);
    if (asked.url.includes("/local/")) return send(...request);
    if (seen++ === 0) body.replaceChildren();
    const row = body.insertRow(0);
    if (body.rows.length > SHOWN) body.deleteRow(-1);
    const cells = Array.from({ length: 4 }, () => row.insertCell());
    cells[0].textContent = new Date().toLocaleTimeString("en-GB");
    cells[1].textContent = await named(asked, addresses);
    cells[2].textContent = "…";
    cells[3].className = "number";
    const isSignIn = asked.url === `${location.origin}/signin`;
    const before = isSignIn ? (await called()).length : 0;
    const started = performance.now();
    const took = () => (cells[3].textContent = Math.round(performance.now() - started));
    try {
      const response = await send(...request);
      took();
      cells[2].textContent = await described(response.clone());
      row.dataset.kind = response.ok ? "good" : isWaitedOut(response.status) ? "wait" : "bad";
      if (isSignIn) cells[1].append(listed((await called()).slice(before)));
      heard(asked, response.status);
      return response;
    } catch (error) {
      took();
      cells[2].textContent = error.message;
      row.dataset.kind = "bad";
      heard(asked);
      throw error;
    }
  };
}

async function named(request, { issuer, aws }) {
  const { pathname, origin } = new URL(request.url);
  const side = { [issuer]: "issuer ", [aws]: "AWS " }[origin] ?? "";
  const body = await request.text();
  if (origin === issuer) return `${request.method} ${side}${pathname} for ${JSON.parse(body).sub}`;
  // STS has one path, and says in the body what is asked.
  const action = pathname === "/" && new URLSearchParams(body).get("Action");
  const path = decodeURIComponent(pathname).replace(/arn:.*app-instance\/[^/]+/, "…");
  return `${request.method} ${side}${action || path}`;
}

async function described(response) {
  const answer = await response.json().catch(() => ({}));
  const type = response.headers.get("x-amzn-ErrorType"); // of AWS's own errors, where the body has no word for it
  const told = [answer.error ?? type, answer.reason].filter(Boolean).join(", ");
  const wait = response.headers.get("Retry-After");
  return [response.status, told, wait && `Retry-After: ${wait}`].filter(Boolean).join(" · ");
}

/** Return what the service called in AWS for a sign-in. */
function listed(calls) {
  const times = new Map();
  for (const { operation, status } of calls) {
    // What is no operation opens connections; this one is the page's own, made while the web client renews.
    if (!operation || operation === "GetCallerIdentity") continue;
    const call = `${operation} ${status ?? "…"}`;
    times.set(call, (times.get(call) ?? 0) + 1);
  }
  const small = document.createElement("small");
  const said = [...times].map(([call, count]) => (count > 1 ? `${call} (${count} times)` : call));
  if (said.length) small.textContent = `↳ ${said.join(", ")}`;
  return small;
}
