/** Ada's chat in a browser, and Bob, who writes to her from Node.js, over one local stack. */

import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import { connect } from "node:tls";
import { fileURLToPath } from "node:url";

import { ChimeSDKMessaging } from "@aws-sdk/client-chime-sdk-messaging";

import { bundle } from "./bundle.mjs";
import { openPage, startBrowser, startStack } from "./stack.mjs";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

const BOB = { sub: "bob", name: "Bob Kahn", scope: "chat" };

/** Start a stack, a browser that trusts it, and Bob. Tokens need the scope `chat`, so that a user can lose the permission. */
export async function startChatting() {
  const port = await freePort();
  const provider = { name: "local", preset: "oidc", issuer: `http://127.0.0.1:${port}`, audience: "chime-signin", required_scopes: ["chat"] };
  const settings = { SESSION_SECONDS: "900", PROVIDERS: JSON.stringify([provider]) };
  const starting = startStack({ settings, parameters: { Messaging: "member" }, ports: [0, port, 0] });
  const [stack, script] = await Promise.all([starting, bundle({ entryPoints: [at("chat-app.js")], globalName: "Chime" })]);
  const browser = await startBrowser({ trusting: await publicKeyHash(stack.urls.aws) });
  return { stack, browser, script, bob: await signInWriter(stack, BOB), stop: () => Promise.all([stack.stop(), browser.close()]) };
}

/** Return a free port below 32768, which the system gives to nobody by itself before the stack takes it. */
async function freePort() {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const server = createServer().listen(port, "127.0.0.1");
    const isFree = await once(server, "listening").then(() => true, () => false);
    await new Promise((resolve) => server.close(resolve));
    if (isFree) return port;
  }
}

/** Return what Chromium needs to trust a certificate: the SHA-256 of its public key. */
export async function publicKeyHash(url) {
  const { hostname: host, port } = new URL(url);
  const socket = connect({ host, port, rejectUnauthorized: false });
  await once(socket, "secureConnect");
  const key = socket.getPeerX509Certificate().publicKey.export({ type: "spki", format: "der" });
  socket.destroy();
  return createHash("sha256").update(key).digest("base64");
}

/** Return the user with *claims*, who makes channels with a member, and writes in them. */
export async function signInWriter({ urls }, claims) {
  const { access_token } = await (await fetch(`${urls.issuer}/token`, { method: "POST", body: JSON.stringify(claims) })).json();
  const answer = await fetch(`${urls.api}/signin`, { method: "POST", headers: { Authorization: `Bearer ${access_token}` } });
  const { ChimeAppInstanceUserArn: ChimeBearer, ChimeAppInstanceArn: AppInstanceArn, ChimeCredentials: keys } = await answer.json();
  const credentials = { accessKeyId: keys.AccessKeyId, secretAccessKey: keys.SecretAccessKey, sessionToken: keys.SessionToken };
  const chime = new ChimeSDKMessaging({ region: "us-east-1", endpoint: urls.aws, credentials });
  const message = { ChimeBearer, Type: "STANDARD", Persistence: "PERSISTENT" };
  return {
    async createChannel(member) {
      const channel = { AppInstanceArn, ChimeBearer, Name: "Engines", MemberArns: [member], ClientRequestToken: randomUUID() };
      return (await chime.createChannel(channel)).ChannelArn;
    },
    send: (ChannelArn, Content, more) => chime.sendChannelMessage({ ...message, ...more, ChannelArn, Content, ClientRequestToken: randomUUID() }),
  };
}

/**
 * Open an app of Ada's, with `chat`, which has started. `states` has the states that it was in, and `told` the contents of
 * the messages by channel. `auth.claims` are those of her next tokens.
 */
export async function openChat(t, { stack, browser, script }, { clock, logger = false, before = () => {} } = {}) {
  const page = await openPage(t, browser, stack.app, { clock });
  await page.evaluate(before);
  page.sockets = [];
  page.on("websocket", (socket) => page.sockets.push(socket));
  await page.addScriptTag({ content: script });
  page.setDefaultTimeout(60_000);
  const sub = `ada-${randomUUID()}`; // a new one each time, because messages of other tests would be told too
  await page.evaluate(
    async ({ urls, sub, logger }) => {
      window.auth = { claims: { sub, name: "Ada Lovelace", scope: "chat" } };
      const getToken = async () => {
        const answer = await fetch(`${urls.issuer}/token`, { method: "POST", body: JSON.stringify(auth.claims) });
        return (await answer.json()).access_token;
      };
      const signedOut = (window.signedOut = new AbortController());
      const signIn = (window.signIn = Chime.chimeSignIn({ endpoint: `${urls.api}/signin`, getToken, signal: signedOut.signal, patience: 0 }));
      const { userArn, region } = await signIn.user();
      const chime = (window.chime = new Chime.ChimeSDKMessaging({ region, credentials: signIn.credentials, endpoint: urls.aws }));
      const told = (window.told = {});
      const states = (window.states = []);
      const events = (window.events = []);
      const chat = (window.chat = Chime.chimeChat({
        signIn,
        chime,
        sdk: Chime,
        signal: signedOut.signal,
        onMessage: ({ ChannelArn, Content }) => {
          (told[ChannelArn] ??= []).push(Content);
          window.afterTold?.(Content);
        },
        onEvent: ({ type }) => events.push(type),
        ...(logger && { logger: new Chime.ConsoleLogger("chat", Chime.LogLevel[logger]) }),
      }));
      chat.subscribe(({ status, error }) => states.push({ status, error: error?.name, code: error?.code }));
      window.userArn = userArn;
      chat.start();
    },
    { urls: stack.urls, sub, logger },
  );
  await is(page, "connected");
  page.userArn = await page.evaluate(() => userArn);
  return page;
}

/** Wait until the chat of *page* has the status. */
export const is = (page, status) => page.waitForFunction((status) => chat.state().status === status, status);

/** Wait until so many messages of the channel were told; return them. */
export async function told(page, channel, count) {
  const found = await page.waitForFunction(({ channel, count }) => told[channel]?.length >= count && told[channel], { channel, count });
  return found.jsonValue();
}

/** Close all connections to messaging with a WebSocket close code. */
export async function cutOff({ stack }, code) {
  const answer = await fetch(`${stack.urls.aws}/local/connections`, { method: "DELETE", body: code && JSON.stringify({ code }) });
  if (!answer.ok) throw new Error(await answer.text());
}

/** Return the open connections. */
export const connections = async ({ stack }) => (await fetch(`${stack.urls.aws}/local/connections`)).json();
