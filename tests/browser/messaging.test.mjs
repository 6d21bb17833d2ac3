/** Amazon's messaging session in a browser, with credentials of the web client, against the local AWS. */

import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import { fileURLToPath } from "node:url";

import { codeOfTheApp, createBucket, PARAMETERS } from "./attachments.mjs";
import { bundle } from "./bundle.mjs";
import { publicKeyHash } from "./chatting.mjs";
import { exampleIn, openPage, startApp, startBrowser, startStack, until } from "./stack.mjs";

const ADA = { sub: "ada", name: "Ada Lovelace" };
const BOB = { sub: "bob", name: "Bob Kahn" };
const ALMOST_ALL_OF_15_MINUTES = 14.5 * 60_000;

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

let stack, browser, sdk;
before(async () => {
  // The shortest session: AWS accepts a client's clock that is wrong by that much, so a test may move the clock.
  const starting = startStack({ settings: { SESSION_SECONDS: "900" }, parameters: { Messaging: "member", ...PARAMETERS } });
  [stack, sdk] = await Promise.all([starting, bundle()]);
  browser = await startBrowser({ trusting: await publicKeyHash(stack.urls.aws) });
});
after(() => Promise.all([stack?.stop(), browser?.close()]));

/** Return the chat of docs/web-apps.md as a script that starts at once, with the address of the local API. */
async function chatOfTheDocs({ api, aws }) {
  const app = (await exampleIn("docs/web-apps.md"))
    .replace(/https:[^"]*signin/, `${api}/signin`)
    .replace("Messaging({ region,", `Messaging({ region, endpoint: "${aws}",`);
  const [imports, rest] = [app.match(/^import .*$/gm).join("\n"), app.replace(/^import .*$/gm, "")];
  const contents = `${imports}\nwindow.example = (async () => {${rest}\nreturn { chat, signOut }; })();`;
  return bundle({ stdin: { contents, resolveDir: at(".") } });
}

/** Open an app of one user, with `chat`: its client, its session, and the messages that the session received. */
async function openChat(t, claims, { as, ...options } = {}) {
  const page = await openPage(t, browser, stack.app, options);
  page.sockets = [];
  page.on("websocket", (socket) => page.sockets.push(new URL(socket.url())));
  await startApp(page, stack, { claims });
  await page.addScriptTag({ content: sdk });
  await page.evaluate(
    async ({ aws, as }) => {
      const { userArn, region, appInstanceArn } = await app.signIn.user();
      const client = new Chime.ChimeSDKMessagingClient({ region, endpoint: aws, credentials: app.signIn.credentials });
      const configuration = new Chime.MessagingSessionConfiguration(as ?? userArn, null, undefined, client);
      const session = new Chime.DefaultMessagingSession(configuration, new Chime.ConsoleLogger("chat", Chime.LogLevel.OFF));
      const chat = (window.chat = { client, configuration, session, userArn, appInstanceArn, started: 0, stopped: 0, messages: [] });
      session.addObserver({
        messagingSessionDidStart: () => (chat.started += 1),
        messagingSessionDidStop: () => (chat.stopped += 1),
        messagingSessionDidReceiveMessage: ({ type, payload }) => chat.messages.push({ type, ...JSON.parse(payload) }),
      });
    },
    { aws: stack.urls.aws, as },
  );
  return page;
}

const start = (page) => page.evaluate(() => chat.session.start());
const userArn = (page) => page.evaluate(() => chat.userArn);
const keyOf = (socket) => socket.searchParams.get("X-Amz-Credential").split("/")[0];

function createChannel(page, members) {
  return page.evaluate(async (MemberArns) => {
    const { appInstanceArn: AppInstanceArn, userArn: ChimeBearer } = chat;
    const channel = { AppInstanceArn, Name: "Engines", ChimeBearer, MemberArns, ClientRequestToken: crypto.randomUUID() };
    return (await chat.client.send(new Chime.CreateChannelCommand(channel))).ChannelArn;
  }, members);
}

function send(page, channel, content) {
  return page.evaluate(
    ({ ChannelArn, Content }) => {
      const message = { ChannelArn, Content, Type: "STANDARD", Persistence: "PERSISTENT", ChimeBearer: chat.userArn };
      return chat.client.send(new Chime.SendChannelMessageCommand({ ...message, ClientRequestToken: crypto.randomUUID() }));
    },
    { ChannelArn: channel, Content: content },
  );
}

async function received(page, content) {
  const found = await page.waitForFunction((content) => chat.messages.find(({ Content }) => Content === content), content);
  return found.jsonValue();
}

async function connections() {
  return (await fetch(`${stack.urls.aws}/local/connections`)).json();
}

const cutOff = () => fetch(`${stack.urls.aws}/local/connections`, { method: "DELETE" });

test("one user receives what another sends, also after a reconnect with refreshed credentials", async (t) => {
  const [ada, bob] = await Promise.all([openChat(t, ADA), openChat(t, BOB, { clock: {} })]);
  await Promise.all([start(ada), start(bob)]);
  const channel = await createChannel(ada, [await userArn(ada), await userArn(bob)]);

  await send(ada, channel, "Hello, Bob");

  const message = await received(bob, "Hello, Bob");
  assert.deepEqual([message.type, message.Sender.Name], ["CREATE_CHANNEL_MESSAGE", "Ada Lovelace"]);

  await bob.clock.fastForward(ALMOST_ALL_OF_15_MINUTES);
  await cutOff();
  await bob.waitForFunction(() => chat.started === 2);
  await send(ada, channel, "Are you still there?");

  await received(bob, "Are you still there?");
  const [first, second] = bob.sockets;
  assert.equal(bob.sockets.length, 2);
  assert.notEqual(keyOf(first), keyOf(second));
  assert.equal(first.searchParams.get("sessionId"), second.searchParams.get("sessionId"));
  assert.equal(await bob.evaluate(() => chat.stopped), 0);
});

test("a session that asks for it is told the user's channels, with their messages", async (t) => {
  const [ada, bob] = await Promise.all([openChat(t, ADA), openChat(t, BOB)]);
  const channel = await createChannel(ada, [await userArn(bob)]);
  await send(ada, channel, "Read this when you come");
  await bob.evaluate(() => (chat.configuration.prefetchOn = "connect"));

  await start(bob);

  const isTold = (arn) => chat.messages.find(({ type, Channel }) => type === "CHANNEL_DETAILS" && Channel.ChannelArn === arn);
  const details = await (await bob.waitForFunction(isTold, channel)).jsonValue();
  assert.deepEqual([details.ChannelMessages[0].Content, details.ChannelMessagesHasMore], ["Read this when you come", false]);
  assert.deepEqual(details.ChannelMemberships.map(({ Member }) => Member.Name).sort(), ["Ada Lovelace", "Bob Kahn"]);
});

test("nobody can connect as another user", async (t) => {
  const ada = await openChat(t, ADA);
  const bob = await openChat(t, BOB, { as: await userArn(ada) });

  const refused = await bob.evaluate(() => chat.session.start().then(() => "connected", ({ code }) => code));

  assert.equal(refused, 4003); // one with which the SDK does not come back
  assert.equal(bob.sockets.length, 1);
  assert.deepEqual(await connections(), []);
});

test("a stopped session receives nothing more", async (t) => {
  const ada = await openChat(t, ADA);
  await start(ada);
  assert.deepEqual((await connections()).map(({ userArn }) => userArn), [await userArn(ada)]);

  await ada.evaluate(() => chat.session.stop());

  await ada.waitForFunction(() => chat.stopped === 1);
});

/** Open the documentation's chat, connected: `told` has the names of the errors that it shows, `auth.lost` that it has no token. */
async function openReadmeApp(t, options) {
  const page = await openPage(t, browser, stack.app, options);
  await page.evaluate(
    ({ issuer, claims }) => {
      window.told = [];
      window.showError = ({ name }) => told.push(name);
      window.showMessage = () => {};
      const asked = { method: "POST", body: JSON.stringify(claims) };
      const getToken = async () => (await (await fetch(`${issuer}/token`, asked)).json()).access_token;
      window.auth = { getAccessToken: async () => (auth.lost ? undefined : getToken()) };
    },
    { issuer: stack.urls.issuer, claims: ADA },
  );
  await page.addScriptTag({ content: await chatOfTheDocs(stack.urls) });
  await page.evaluate(async () => {
    window.statuses = [];
    (await example).chat.subscribe(({ status }) => statuses.push(status));
  });
  return page;
}

test("the documentation's chat reconnects after a broken connection, and reports why it cannot", async (t) => {
  const page = await openReadmeApp(t, { clock: {} });
  const runUntil = async (status) => {
    while ((await page.evaluate(async () => (await example).chat.state().status)) !== status) await page.clock.runFor(500);
  };
  await runUntil("connected");

  await cutOff();
  await page.waitForFunction(() => statuses.includes("waiting"));
  await runUntil("connected");
  assert.deepEqual(await page.evaluate(() => told), []);

  await page.evaluate(() => (auth.lost = true));
  await page.clock.fastForward(16 * 60_000);
  await runUntil("refused");
  assert.deepEqual(await page.evaluate(() => told), ["SignInAgainError"]);
});

test("the documentation's chat signs out, and shows no error", async (t) => {
  const page = await openReadmeApp(t);

  await page.evaluate(async () => (await example).signOut());

  await until(async () => (await connections()).length === 0);
  assert.deepEqual(await page.evaluate(() => told), []);
});

test("the documentation's code attaches a file, which who knows its key opens and cannot replace", async (t) => {
  const script = await codeOfTheApp(stack, await createBucket(stack));
  const openFiles = async (claims) => {
    const page = await openPage(t, browser, stack.app);
    await startApp(page, stack, { claims });
    await page.addScriptTag({ content: script });
    await page.evaluate(() => (window.files = attachments(app.signIn)));
    return page;
  };
  const [ada, bob] = await Promise.all([ADA, BOB].map(openFiles));

  const metadata = await ada.evaluate(() => files.attach(new File(["a picture"], "engine.png", { type: "image/png" })));

  const opened = await bob.evaluate(async (metadata) => {
    const file = await files.open(metadata);
    return [file.name, await file.text()];
  }, metadata);
  assert.deepEqual(opened, ["engine.png", "a picture"]);
  const { key, size } = JSON.parse(metadata);
  assert.deepEqual([key.startsWith("ada/"), size], [true, 9]);
  const replace = async (key) => {
    const user = async () => ({ ...(await app.signIn.user()), userId: key });
    const asAda = attachments({ credentials: app.signIn.credentials, user });
    return asAda.attach(new File(["another"], "engine.png")).catch(({ name }) => name);
  };
  assert.equal(await bob.evaluate(replace, key), "AccessDenied");
});
