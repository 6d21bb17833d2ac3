/**
 * One connection by Amazon's messaging session, which is told not to reconnect: it would give up for good after ten
 * seconds, after some close codes, and sometimes by nothing but an unhandled rejection.
 *
 * @import { ChatEvent, Close, Logger, MessagingClient, MessagingSdk, SignURL } from "./chat.d.ts"
 */

/** @type {Logger} At INFO the SDK logs the signed address of each connection, which contains the session token. */
export const WARNINGS = {
  debug() {},
  info() {},
  warn: (message) => console.warn(message),
  error: (message) => console.error(message),
  setLogLevel() {},
  getLogLevel: () => 2, // the SDK's LogLevel.WARN
};

/**
 * Connect. `established` and `closed` settle once each: the one rejects with what the other resolves to if the connection
 * is closed first. *now* returns the time of AWS, in milliseconds. `stop` ends it; nothing is told after that.
 *
 * @param {{ userArn: string, sessionId: string | null, url: string | undefined, chime: MessagingClient, sdk: MessagingSdk, logger: Logger }} options
 * @param {() => number} now @param {(event: ChatEvent) => void} onEvent
 */
export function openSession({ userArn, sessionId, url, chime, sdk, logger }, now, onEvent) {
  let stopped = false;

  /** Sign as the SDK does, but by the clock of AWS, because the address is valid for ten seconds. @type {SignURL} */
  async function signURL(method, scheme, signingService, hostname, path, _payload, parameters) {
    const signer = await chime.config.signer();
    const query = Object.fromEntries([...(parameters ?? [])].map(([name, [value]]) => [name, value]));
    const request = { method, protocol: `${scheme}:`, hostname, path, query, headers: { host: hostname } };
    const signed = await signer.presign(request, { signingService, signingDate: new Date(now()), expiresIn: 10 });
    if (stopped) throw new Error("The session was stopped."); // or the SDK would go on to connect
    const pairs = Object.entries(signed.query).map((pair) => pair.map(encodeURIComponent).join("="));
    return `${scheme}://${hostname}${path}?${pairs.join("&")}`;
  }

  const configuration = new sdk.MessagingSessionConfiguration(userArn, sessionId, url, chime);
  configuration.reconnectTimeoutMs = 0;
  const session = new sdk.DefaultMessagingSession(configuration, logger, undefined, undefined, { signURL });
  const closed = new Promise((resolve) => {
    session.addObserver({
      messagingSessionDidStop: (close) => resolve(closeError(close)),
      messagingSessionDidReceiveMessage: (event) => stopped || onEvent(event),
    });
  });
  return {
    sessionId: configuration.messagingSessionId,
    established: session.start().catch((close) => Promise.reject(closeError(close))),
    closed: /** @type {Promise<Error>} */ (closed),
    stop() {
      stopped = true;
      session.stop();
    },
  };
}

/** @param {Close | Error} close What the SDK reports: a CloseEvent, or an error before there was a WebSocket. */
function closeError(close) {
  if (close instanceof Error) return close;
  const reason = close.reason ? `: ${close.reason}` : "";
  return Object.assign(new Error(`The messaging session was closed with ${close.code}${reason}.`), { name: "ClosedError", code: close.code });
}
