/**
 * A connection to Chime SDK messaging, as one user: a WebSocket on which the events of the user's channels arrive.
 *
 * An app uses DefaultMessagingSession of Amazon's SDK, which does the same over TLS. This is over the AWS endpoint's plain
 * port, because a browser does not know the certificate of this machine.
 */

import { sdk } from "./calls.js";
import { SignInError, UnavailableError } from "./web_client/chime-signin.js";

const PAUSE_MS = 1000;
const EVENT_TYPE = "x-amz-chime-event-type";
const FIRST_EVENT = "SESSION_ESTABLISHED";

/**
 * Stay connected as the user with *userArn* until *signal* is aborted.
 *
 * *client* is a ChimeSDKMessagingClient with the user's credentials. *onState* is called with `true` when the connection
 * works, and with `false` when it is lost, before the next attempt; *onEvent* with the type and the content of each event.
 * The promise that is returned is rejected if the user is refused, by Chime or at the sign-in.
 */
export async function stayConnected({ client, userArn, signal, onState, onEvent }) {
  const sessionId = `page-${Math.random().toString(36).slice(2)}`;
  while (!signal.aborted) {
    const error = await connectOnce({ client, userArn, sessionId, signal, onState, onEvent }).catch((error) => error);
    if (signal.aborted) return;
    if (error && isRefusal(error)) throw error;
    onState(false);
    await new Promise((done) => setTimeout(done, PAUSE_MS));
  }
}

const isRefusal = (error) =>
  (error instanceof SignInError && !(error instanceof UnavailableError)) ||
  error instanceof RefusedError ||
  [400, 401, 403].includes(error.$metadata?.httpStatusCode);

class RefusedError extends Error {}

/** Connect, and wait until the connection is lost. */
async function connectOnce({ client, userArn, sessionId, ...rest }) {
  const url = await connectUrl(client, userArn, sessionId);
  rest.signal.throwIfAborted(); // or the connection would be opened after the end
  const code = await untilClosed(url, rest);
  // From 4000 on the codes are Chime's refusals, after which Amazon's SDK does not connect again either.
  if (code >= 4000) throw new RefusedError(`Chime refused the connection (close code ${code}).`);
}

/** Return the address of the WebSocket, signed with the user's credentials. */
async function connectUrl(client, userArn, sessionId) {
  const { Endpoint } = await client.send(new sdk.GetMessagingSessionEndpointCommand({}));
  const { hostname, port, host } = new URL(`ws://${Endpoint.Url}`);
  const signer = await client.config.signer();
  const address = { method: "GET", protocol: "ws:", hostname, port, path: "/connect", headers: { host } };
  const { query } = await signer.presign({ ...address, query: { userArn, sessionId } }, { expiresIn: 60 });
  return `ws://${host}/connect?${new URLSearchParams(query)}`;
}

/** Pass on what arrives until the connection is closed, and return the close code. */
function untilClosed(url, { signal, onState, onEvent }) {
  return new Promise((resolve) => {
    const socket = new WebSocket(url);
    const close = () => socket.close();
    signal.addEventListener("abort", close);
    socket.addEventListener("message", ({ data }) => {
      const { Headers, Payload } = JSON.parse(data);
      if (Headers[EVENT_TYPE] === FIRST_EVENT) onState(true);
      else onEvent(Headers[EVENT_TYPE], JSON.parse(Payload ?? "{}"));
    });
    socket.addEventListener("close", ({ code }) => {
      signal.removeEventListener("abort", close);
      resolve(code);
    });
  });
}
