/** The chat in a browser, against the local AWS: what ends a connection, and what is told after it. */

import assert from "node:assert/strict";
import test, { after, afterEach, before } from "node:test";

import { connections, cutOff, is, openChat, startChatting, told } from "./chatting.mjs";
import { openPage, signIns, spoil, startApp, until } from "./stack.mjs";

let world;
before(async () => void (world = await startChatting()));
afterEach(() => world.stack.mend());
after(() => world?.stop());

/** Open Ada's chat and a channel with Bob. */
async function openChannel(t, options) {
  const page = await openChat(t, world, options);
  return { page, channel: await world.bob.createChannel(page.userArn) };
}

async function send(channel, ...contents) {
  for (const content of contents) await world.bob.send(channel, content);
}

const statuses = (page) => page.evaluate(() => states.map(({ status }) => status));
const parameter = (socket, name) => new URL(socket.url()).searchParams.get(name);
const keyOf = (socket) => parameter(socket, "X-Amz-Credential").split("/")[0];

/** Close the connection with *code*, and let nobody connect again until *work* is done. */
async function interrupted(page, code, work) {
  await spoil(world.stack, "aws", { operation: "Connect", error: "ServiceFailureException", status: 500, times: -1 });
  await cutOff(world, code);
  await is(page, "waiting");
  await work();
  await world.stack.mend();
  await page.evaluate(() => chat.start()); // which ends a pause
}

/** Let the page's clock run until the chat has a status. */
async function runUntil(page, status) {
  while ((await page.evaluate(() => chat.state().status)) !== status) await page.clock.runFor(500);
}

test("a message is told when it arrives, and other events too", async (t) => {
  const { page, channel } = await openChannel(t);

  await send(channel, "Hello, Ada");

  assert.deepEqual(await told(page, channel, 1), ["Hello, Ada"]);
  assert.deepEqual(await statuses(page), ["connecting", "connected"]);
  assert.ok((await page.evaluate(() => events)).includes("SESSION_ESTABLISHED"));
});

// 1012 is of a service that restarts. At most of the others Amazon's session gives up: by an event if it was connected, and
// by an unhandled rejection if not.
for (const code of [1012, 1001, 1000, 4002, 4003, 4401]) {
  test(`after a connection that was closed with ${code} everything is told once, in order`, async (t) => {
    const { page, channel } = await openChannel(t);
    await send(channel, "1", "2");
    await told(page, channel, 2);

    await interrupted(page, code, () => send(channel, "3", "4"));
    await is(page, "connected");
    await send(channel, "5");

    assert.deepEqual(await told(page, channel, 5), ["1", "2", "3", "4", "5"]);
    assert.equal((await connections(world)).length, 1);
    assert.deepEqual(page.uncaught, []);
  });
}

test("more than a page of messages is listed, of each channel, also of a new one", async (t) => {
  const { page, channel } = await openChannel(t);
  const contents = Array.from({ length: 120 }, (_, i) => `${i}`);
  let another;

  await interrupted(page, 1012, async () => {
    another = await world.bob.createChannel(page.userArn);
    await send(channel, ...contents);
    await send(another, "Welcome");
  });

  assert.deepEqual(await told(page, another, 1), ["Welcome"]);
  assert.deepEqual(await told(page, channel, 120), contents);
});

test("what arrives while the missed is listed is told after it", async (t) => {
  const { page, channel } = await openChannel(t);
  await interrupted(page, 1012, async () => {
    await send(channel, "1", "2");
    await page.evaluate(() => {
      const list = chime.listChannelMessages.bind(chime);
      chime.listChannelMessages = async (...given) => {
        await new Promise((resolve) => (window.goOn = resolve));
        return list(...given);
      };
    });
  });
  await page.waitForFunction(() => window.goOn);
  const arrived = page.sockets.at(-1).waitForEvent("framereceived", ({ payload }) => payload.includes("just now"));
  await send(channel, "just now");
  await arrived;

  await page.evaluate(() => goOn());

  assert.deepEqual(await told(page, channel, 3), ["1", "2", "just now"]);
});

test("a list that breaks off is begun again, and tells nothing twice", async (t) => {
  const { page, channel } = await openChannel(t);
  const contents = Array.from({ length: 60 }, (_, i) => `${i}`);

  await interrupted(page, 1012, async () => {
    await send(channel, ...contents);
    await page.evaluate(() => {
      const list = chime.listChannelMessages.bind(chime);
      let calls = 0;
      chime.listChannelMessages = (...given) => (++calls === 2 ? Promise.reject(new Error("broken")) : list(...given));
    });
  });
  await is(page, "connected");
  await send(channel, "last");

  assert.deepEqual(await told(page, channel, 61), [...contents, "last"]);
  assert.ok((await page.evaluate(() => states)).some(({ error }) => error === "Error"));
});

test("a channel that may not be read does not keep the others back", async (t) => {
  const { page, channel } = await openChannel(t);
  const others = await Promise.all([1, 2].map(() => world.bob.createChannel(page.userArn)));
  const channels = [channel, ...others].sort(); // as they are listed

  await interrupted(page, 1012, async () => {
    for (const each of channels) await send(each, "missed");
    await page.evaluate((first) => {
      const list = chime.listChannelMessages.bind(chime);
      const denied = Object.assign(new Error("denied"), { $metadata: { httpStatusCode: 403 } });
      chime.listChannelMessages = (input, ...rest) => (input.ChannelArn === first ? Promise.reject(denied) : list(input, ...rest));
    }, channels[0]);
  });
  await is(page, "connected");

  const contents = await page.evaluate(() => Object.keys(told));
  assert.deepEqual(contents.sort(), channels.slice(1));
});

test("offline for ten minutes", async (t) => {
  const { page, channel } = await openChannel(t, { clock: {} });
  await page.context().setOffline(true);
  await cutOff(world);
  await send(channel, "Where are you?");

  for (let minutes = 0; minutes < 10; minutes += 0.5) await page.clock.runFor(30_000);
  const attempts = (await statuses(page)).filter((status) => status === "connecting").length;
  assert.ok(attempts > 3 && attempts < 80, `${attempts} attempts`);
  assert.ok((await statuses(page)).every((status) => status !== "stopped" && status !== "refused"));
  const afterOnline = await page.evaluate(async () => {
    while (chat.state().status !== "waiting") await new Promise((resolve) => setTimeout(resolve, 10));
    window.dispatchEvent(new Event("online"));
    for (let turns = 0; turns < 10; turns++) await null;
    return chat.state().status;
  });
  assert.equal(afterOnline, "connecting"); // without waiting for the end of a pause
  await page.context().setOffline(false);
  await is(page, "connected");

  assert.deepEqual(await told(page, channel, 1), ["Where are you?"]);
});

/** In the page: let `window.asleep` make all its WebSockets deaf, as those of a machine that slept while the other side went. */
function deafWebSockets() {
  const Native = WebSocket;
  window.WebSocket = class extends Native {
    addEventListener(name, listener) {
      super.addEventListener(name, (event) => (this.deaf ??= window.asleep) || listener(event));
    }
  };
}

test("asleep over night, on a connection that nobody has closed", async (t) => {
  const { page, channel } = await openChannel(t, { clock: {}, before: deafWebSockets });
  await page.evaluate(() => (window.asleep = true));
  await send(channel, "Good night");
  await page.waitForFunction(() => true); // a turn of the page, in which it would be told
  assert.deepEqual(await page.evaluate(() => told), {});

  await page.evaluate(() => (window.asleep = undefined));
  await page.clock.fastForward(8 * 3600_000);
  await runUntil(page, "connected");

  assert.deepEqual(await told(page, channel, 1), ["Good night"]);
  const [evening, morning] = page.sockets;
  assert.equal(page.sockets.length, 2);
  assert.notEqual(keyOf(evening), keyOf(morning));
  assert.equal(parameter(evening, "sessionId"), parameter(morning, "sessionId"));
});

for (const [wrong, ms] of Object.entries({ "a minute slow": -60_000, "an hour fast": 3600_000 })) {
  test(`a clock that is ${wrong}, with which Amazon's own signature is refused`, async (t) => {
    const { page, channel } = await openChannel(t, { clock: { time: Date.now() + ms } });
    await send(channel, "What time is it?");
    assert.deepEqual(await told(page, channel, 1), ["What time is it?"]);

    const code = await page.evaluate(() => {
      const configuration = new Chime.MessagingSessionConfiguration(userArn, null, undefined, chime);
      const session = new Chime.DefaultMessagingSession(configuration, new Chime.ConsoleLogger("chat", Chime.LogLevel.OFF));
      return session.start().then(() => "connected", ({ code }) => code);
    });
    assert.equal(code, 4401);
  });
}

test("a hidden tab, whose timers run once a minute, keeps its connection", async (t) => {
  const { page } = await openChannel(t, { clock: {} });

  for (let minutes = 0; minutes < 10; minutes++) await page.clock.fastForward(60_000);

  assert.deepEqual(await statuses(page), ["connecting", "connected"]);
  assert.equal(page.sockets.length, 1);
});

test("a tab that was frozen is told what it missed", async (t) => {
  const { page, channel } = await openChannel(t);
  const session = await page.context().newCDPSession(page);
  await session.send("Page.setWebLifecycleState", { state: "frozen" });
  await cutOff(world);
  await send(channel, "Wake up");

  await session.send("Page.setWebLifecycleState", { state: "active" });

  assert.deepEqual(await told(page, channel, 1), ["Wake up"]);
});

test("credentials that are denied before they end are replaced, once", async (t) => {
  const { page } = await openChannel(t, { clock: {} });
  const before = signIns(page);
  await spoil(world.stack, "aws", { operation: "Connect", error: "ForbiddenException", status: 403, times: 4 });

  await cutOff(world, 4003);
  while (!(await page.evaluate(() => states.filter(({ code }) => code === 4003).length >= 5))) await page.clock.runFor(500);
  await runUntil(page, "connected");

  assert.equal(signIns(page) - before, 1);
  assert.notEqual(keyOf(page.sockets[0]), keyOf(page.sockets.at(-1)));
});

test("who is lost to Chime signs in fully", async (t) => {
  const { page } = await openChannel(t);
  const before = page.requests.length;
  await spoil(world.stack, "aws", { operation: "GetMessagingSessionEndpoint", error: "NotFoundException", status: 404 });

  await cutOff(world);
  await page.waitForFunction(() => states.some(({ error }) => error === "NotFoundException"));
  await is(page, "connected");

  const asked = page.requests.slice(before).filter((request) => request.method() === "POST" && request.url().includes("/signin"));
  assert.deepEqual(asked.map((request) => new URL(request.url()).search), [""]);
});

test("who is revoked is refused, and told why; nothing is asked after that", async (t) => {
  const { page, channel } = await openChannel(t, { clock: {} });
  await page.evaluate(() => delete auth.claims.scope);

  await cutOff(world, 4003);
  await is(page, "refused");
  const { length } = page.requests;
  await page.clock.runFor(600_000);

  const error = await page.evaluate(() => ({ name: chat.state().error.name, reason: chat.state().error.reason }));
  assert.deepEqual(error, { name: "NotAllowedError", reason: "missing_scope" });
  assert.equal(page.requests.length, length);

  await send(channel, "You may again");
  await page.evaluate(() => (auth.claims.scope = "chat", chat.start()));
  await runUntil(page, "connected");
  assert.deepEqual(await told(page, channel, 1), ["You may again"]);
});

test("an outage of the sign-in is waited out", async (t) => {
  const { page } = await openChannel(t, { clock: {} });
  await page.route(/\/signin/, (route) => route.abort());
  await page.clock.fastForward(16 * 60_000); // so that the credentials have ended
  await runUntil(page, "waiting");
  await page.waitForFunction(() => states.some(({ error }) => error === "UnavailableError"));
  await page.unroute(/\/signin/);

  await runUntil(page, "connected");
});

test("a connection that is never established is given up for another", async (t) => {
  const { page } = await openChannel(t, { clock: {} });
  await page.routeWebSocket(/connect/, () => {}); // which opens, and says nothing

  await cutOff(world);
  await page.waitForFunction(() => chat.state().status === "waiting");
  await runUntil(page, "connecting");
  while (!(await page.evaluate(() => states.some(({ error }) => error === "TimeoutError")))) await page.clock.runFor(500);
});

for (const [moment, work] of Object.entries({
  "while it is connected": () => chat.stop(),
  "while it connects": () => (chat.stop(), chat.start(), chat.stop()),
  "by signing out": () => signedOut.abort(),
})) {
  test(`a chat that is stopped ${moment} leaves nothing behind`, async (t) => {
    const { page, channel } = await openChannel(t, { clock: {} });

    await page.evaluate(work);
    while ((await connections(world)).length > 0) await page.clock.runFor(100);
    const { length } = page.requests;
    await send(channel, "Are you there?");
    await page.clock.runFor(600_000);

    assert.equal(await page.evaluate(() => chat.state().status), "stopped");
    assert.deepEqual(await page.evaluate(() => told), {});
    assert.equal(page.requests.length, length);
    assert.equal((await connections(world)).length, 0);
    assert.deepEqual(page.uncaught, []);
  });
}

test("a chat that is stopped and started again has one connection, and tells what was sent meanwhile", async (t) => {
  const { page, channel } = await openChannel(t);
  await page.evaluate(() => chat.stop());
  await send(channel, "Back?");

  await page.evaluate(() => (chat.start(), chat.stop(), chat.start(), chat.start()));

  assert.deepEqual(await told(page, channel, 1), ["Back?"]);
  await is(page, "connected");
  await until(async () => (await connections(world)).length === 1);
});

test("stopping while messages are told tells no more of them, and none is lost", async (t) => {
  const { page, channel } = await openChannel(t);
  await page.evaluate(() => (window.afterTold = (content) => content === "2" && chat.stop()));

  await interrupted(page, 1012, () => send(channel, "1", "2", "3"));
  await is(page, "stopped");
  assert.deepEqual(await told(page, channel, 2), ["1", "2"]);
  await page.evaluate(() => chat.start());

  assert.deepEqual(await told(page, channel, 3), ["1", "2", "3"]);
});

test("an error of the app's is reported as its own, and ends nothing", async (t) => {
  const { page, channel } = await openChannel(t);
  await page.evaluate(() => chat.subscribe(() => { throw new Error("mine"); }));

  await interrupted(page, 1012, () => send(channel, "1"));
  await is(page, "connected");

  assert.deepEqual(await told(page, channel, 1), ["1"]);
  assert.ok(page.uncaught.length > 0 && page.uncaught.every((message) => message === "mine"));
});

test("nothing of the address that it connects to is logged, unless INFO is asked for", async (t) => {
  const { page } = await openChannel(t);
  const { page: talking } = await openChannel(t, { logger: "INFO" });

  const logged = ({ said }) => said.some((line) => line.includes("X-Amz-Security-Token"));
  assert.deepEqual([logged(page), logged(talking)], [false, true]);
});

test("a user without the scope gets a NotAllowedError at once, and signs in with the scope", async (t) => {
  const page = await openPage(t, world.browser, world.stack.app);
  await startApp(page, world.stack);

  const refused = await page.evaluate(() => app.caught(app.signIn.credentials()));

  assert.deepEqual([refused.name, refused.status, refused.reason], ["NotAllowedError", 403, "missing_scope"]);
  assert.equal(signIns(page), 1);
  await startApp(page, world.stack, { claims: { sub: "ada", scope: "chat" } });
  assert.equal((await page.evaluate(() => app.signIn.user())).userId, "ada");
});
