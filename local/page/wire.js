/** List each request of the page, whether the web client, the AWS SDK or the page itself makes it. */

const MAX_ROWS = 12;
const RETRIED = [429, 503]; // by the web client
// Under the page's own address, because the AWS endpoint lets no web page read its calls.
const AWS_CALLS = "/local/aws/calls";

export const isRetried = (status) => status === undefined || RETRIED.includes(status);

/**
 * List requests in *body*, the body of a table, with the newest first. *addresses* are those of issuer and AWS.
 * *onResponse* is called with each request and the status of its answer (undefined if there is none), before the code
 * that made the request gets the answer.
 */
export function watchRequests(body, addresses, onResponse) {
  const send = window.fetch;
  const awsCalls = () => send(AWS_CALLS).then((response) => response.json()).catch(() => []);
  let seen = 0;
  window.fetch = async (...request) => {
    const sent = request[0] instanceof Request ? new Request(request[0].clone(), request[1]) : new Request(...request);
    if (sent.url.includes("/local/")) return send(...request);
    if (seen++ === 0) body.replaceChildren();
    const row = body.insertRow(0);
    if (body.rows.length > MAX_ROWS) body.deleteRow(-1);
    const cells = Array.from({ length: 4 }, () => row.insertCell());
    cells[0].textContent = new Date().toLocaleTimeString("en-GB");
    cells[1].textContent = await named(sent, addresses);
    cells[2].textContent = "…";
    cells[3].className = "number";
    const isSignIn = sent.url === `${location.origin}/signin`;
    const before = isSignIn ? (await awsCalls()).length : 0;
    const started = performance.now();
    const took = () => (cells[3].textContent = Math.round(performance.now() - started));
    try {
      const response = await send(...request);
      took();
      cells[2].textContent = await described(response.clone());
      row.dataset.kind = response.ok ? "good" : isRetried(response.status) ? "wait" : "bad";
      if (isSignIn) cells[1].append(listed((await awsCalls()).slice(before)));
      onResponse(sent, response.status);
      return response;
    } catch (error) {
      took();
      cells[2].textContent = error.message;
      row.dataset.kind = "bad";
      onResponse(sent);
      throw error;
    }
  };
}

async function named(request, { issuer, aws }) {
  const { pathname, origin } = new URL(request.url);
  const side = { [issuer]: "issuer ", [aws]: "AWS " }[origin] ?? "";
  const body = await request.text();
  if (origin === issuer) return `${request.method} ${side}${pathname} for ${JSON.parse(body).sub}`;
  // STS has one path, and the operation is in the body.
  const action = pathname === "/" && new URLSearchParams(body).get("Action");
  const path = decodeURIComponent(pathname).replace(/arn:.*app-instance\/[^/]+(\/channel\/[^/]+)?/, "…");
  return `${request.method} ${side}${action || path}`;
}

async function described(response) {
  const answer = await response.json().catch(() => ({}));
  const type = response.headers.get("x-amzn-ErrorType"); // AWS's own errors have their code here and not in the body
  const code = [answer.error ?? type, answer.reason].filter(Boolean).join(", ");
  const wait = response.headers.get("Retry-After");
  return [response.status, code, wait && `Retry-After: ${wait}`].filter(Boolean).join(" · ");
}

/** Return an element that lists the *calls* of AWS that the service made for a sign-in. */
function listed(calls) {
  const times = new Map();
  for (const { operation, status } of calls) {
    // A call without an operation opens a connection. GetCallerIdentity is a call of the page, not of the service.
    if (!operation || operation === "GetCallerIdentity") continue;
    const call = `${operation} ${status ?? "…"}`;
    times.set(call, (times.get(call) ?? 0) + 1);
  }
  const small = document.createElement("small");
  const texts = [...times].map(([call, count]) => (count > 1 ? `${call} (${count} times)` : call));
  if (texts.length) small.textContent = `↳ ${texts.join(", ")}`;
  return small;
}
