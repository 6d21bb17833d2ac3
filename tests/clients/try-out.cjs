/**
 * What each client has to do with the web client. The same code runs in all of them, against the local stack.
 *
 * CommonJS, because Jest's default settings know nothing else. `tryOut` uses nothing from outside, because a browser gets its text,
 * and resolves with plain values, because they leave browsers and Hermes as JSON.
 */

async function tryOut({ chimeSignIn, chimeChat }, { api, issuer }) {
  const endpoint = `${api}/signin`;

  async function token(claims) {
    const body = JSON.stringify({ sub: "ada", name: "Ada Lovelace", ...claims });
    const answer = await fetch(`${issuer}/token`, { method: "POST", body });
    return (await answer.json()).access_token;
  }

  const told = (promise) =>
    promise.then(
      () => ({ name: "nothing" }),
      ({ name, status, reason }) => ({ name, status, reason }),
    );

  const { userId, name, region } = await chimeSignIn({ endpoint, getToken: () => token() }).user();

  let ahead = 0;
  let asked = 0;
  const time = { wallClock: () => Date.now() + ahead };
  const { credentials } = chimeSignIn({ endpoint, getToken: () => (asked++, token()), time });
  const [first, same] = [await credentials(), await credentials()];
  ahead = 59.5 * 60_000; // in the last minute callers wait for new credentials
  const renewed = await credentials();

  const wishes = [];
  const expired = ({ forceRefresh }) => (wishes.push(forceRefresh), token(forceRefresh ? {} : { expires_in: -60 }));
  const replaced = await chimeSignIn({ endpoint, getToken: expired }).user();

  const refused = await told(chimeSignIn({ endpoint, getToken: () => token({ aud: "another-service" }) }).user());

  const leaving = new AbortController();
  const left = told(chimeSignIn({ endpoint, getToken: () => token(), signal: leaving.signal }).user());
  leaving.abort();

  const nowhere = chimeSignIn({ endpoint: "http://127.0.0.1:1/signin", getToken: () => "a.b.c", patience: 0 }).user();

  return {
    hasAChat: typeof chimeChat,
    signsIn: [userId, name, region],
    renews: [first.accessKeyId === same.accessKeyId, first.accessKeyId !== renewed.accessKeyId, asked],
    replacesAnExpiredToken: [replaced.userId, wishes],
    readsARefusal: [refused.name, refused.status, refused.reason],
    signsOut: (await left).name,
    seesAnOutage: (await told(nowhere)).name,
  };
}

const EXPECTED = {
  hasAChat: "function",
  signsIn: ["ada", "Ada Lovelace", "us-east-1"],
  renews: [true, true, 2],
  replacesAnExpiredToken: ["ada", [false, true]],
  readsARefusal: ["SignInError", 401, "wrong_audience"],
  signsOut: "AbortError",
  seesAnOutage: "UnavailableError",
};

module.exports = { tryOut, EXPECTED };
