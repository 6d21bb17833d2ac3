/** Show each request that the page makes, whoever makes it: the web client, the AWS SDK, or the page itself. */

const SHOWN = 12;

/** List requests in *body*, a table's, the newest first; *addresses* have names to be shown by. */
export function watchRequests(body, addresses) {
  const send = window.fetch;
  let seen = 0;
  window.fetch = async (...request) => {
    const asked = request[0] instanceof Request ? request[0].clone() : new Request(...request);
    if (asked.url.includes("/local/")) return send(...request);
    if (seen++ === 0) body.replaceChildren();
    const row = body.insertRow(0);
    if (body.rows.length > SHOWN) body.deleteRow(-1);
    const cells = Array.from({ length: 4 }, () => row.insertCell());
    cells[0].textContent = new Date().toLocaleTimeString("en-GB");
    cells[1].textContent = await named(asked, addresses);
    cells[2].textContent = "…";
    cells[3].className = "number";
    const started = performance.now();
    try {
      const response = await send(...request);
      cells[2].textContent = await described(response.clone());
      row.dataset.kind = response.ok ? "good" : [429, 503, 504].includes(response.status) ? "wait" : "bad";
      return response;
    } catch (error) {
      cells[2].textContent = error.message;
      row.dataset.kind = "bad";
      throw error;
    } finally {
      cells[3].textContent = Math.round(performance.now() - started);
    }
  };
}

async function named(request, { issuer, aws }) {
  const { pathname, origin } = new URL(request.url);
  const side = { [issuer]: "issuer ", [aws]: "AWS " }[origin] ?? "";
  // STS has one path, and says in the body what is asked.
  const action = new URLSearchParams(pathname === "/" ? await request.text() : "").get("Action");
  const path = decodeURIComponent(pathname).replace(/arn:.*app-instance\/[^/]+/, "…");
  return `${request.method} ${side}${action ?? path}`;
}

async function described(response) {
  const answer = await response.json().catch(() => ({}));
  const told = [answer.error, answer.reason, answer.Code].filter(Boolean).join(", ");
  const wait = response.headers.get("Retry-After");
  return [response.status, told, wait && `Retry-After: ${wait}`].filter(Boolean).join(" · ");
}
