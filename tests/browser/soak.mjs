/**
 * Let everything happen to a chat that can, at random, and see that it ends connected, with every message told once, in order.
 *
 * SECONDS says for how long, and SEED makes the same choices again (not at the same moments, because the machine has its own).
 */

import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";

import { connections, cutOff, is, openChat, startChatting, told } from "./chatting.mjs";
import { spoil } from "./stack.mjs";

const SECONDS = Number(process.env.SECONDS || 600);
const SEED = Number(process.env.SEED || Date.now() % 1e6);

/** Return a function that returns numbers from 0 to 1: mulberry32. */
function randomNumbers(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const random = randomNumbers(SEED);
const between = (low, high) => low + random() * (high - low);
const oneOf = (list) => list[Math.floor(random() * list.length)];

const CODES = [1000, 1001, 1011, 1012, 1013, 4000, 4002, 4003, 4401];
const ERRORS = [
  { error: "ForbiddenException", status: 403 },
  { error: "ThrottledClientException", status: 429 },
  { error: "ServiceFailureException", status: 500 },
  { error: "ServiceUnavailableException", status: 503 },
  { error: "ConnectionDropped" },
  { delay_ms: 1500 },
];
const CALLS = ["Connect", "GetMessagingSessionEndpoint", "ListChannelMembershipsForAppInstanceUser", "AssumeRole"];

const world = await startChatting();
const page = await openChat({ after() {} }, world);
const session = await page.context().newCDPSession(page);
const channels = [await world.bob.createChannel(page.userArn), await world.bob.createChannel(page.userArn)];
const sent = Object.fromEntries(channels.map((channel) => [channel, []]));
const ends = Date.now() + SECONDS * 1000;

const HAPPENINGS = {
  "connection closed": () => cutOff(world, oneOf(CODES)),
  "calls fail": async () => {
    await spoil(world.stack, "aws", { operation: oneOf(CALLS), times: Math.ceil(between(0, 4)), ...oneOf(ERRORS) });
    await cutOff(world, oneOf(CODES));
  },
  // Without the 403 twice in a row, which says that a channel may not be read.
  "lists fail": async () => {
    await spoil(world.stack, "aws", { operation: "ListChannelMessages", times: Math.ceil(between(0, 3)), ...oneOf(ERRORS.slice(1)) });
    await cutOff(world, 1012);
  },
  offline: async () => {
    await page.context().setOffline(true);
    await cutOff(world, oneOf(CODES));
    await wait(between(500, 6000));
    await page.context().setOffline(false);
  },
  frozen: async () => {
    await session.send("Page.setWebLifecycleState", { state: "frozen" });
    if (random() < 0.5) await cutOff(world, oneOf(CODES));
    await wait(between(500, 4000));
    await session.send("Page.setWebLifecycleState", { state: "active" });
  },
  "stopped for a while": async () => {
    await page.evaluate(() => chat.stop());
    await wait(between(0, 2000));
    await page.evaluate(() => chat.start());
  },
  "new network": () => page.evaluate(() => window.dispatchEvent(new Event("online"))),
};

async function write() {
  for (let number = 0; Date.now() < ends; number++) {
    const channel = channels[number % channels.length];
    await world.bob.send(channel, `${number}`);
    sent[channel].push(`${number}`);
    await wait(number % 200 < 60 ? 0 : 100); // now and then more than a page in one interruption
  }
}

const happened = {};
async function interrupt() {
  while (Date.now() < ends - 1000) {
    await wait(Math.min(between(300, 8000), ends - Date.now()));
    const name = oneOf(Object.keys(HAPPENINGS));
    happened[name] = (happened[name] ?? 0) + 1;
    await HAPPENINGS[name]();
  }
}

console.log(`SEED=${SEED} SECONDS=${SECONDS}`);
try {
  await Promise.all([write(), interrupt()]);
  await world.stack.mend();
  await page.evaluate(() => chat.start());
  await is(page, "connected");
  for (const channel of channels) assert.deepEqual(await told(page, channel, sent[channel].length), sent[channel]);
  await wait(500); // for what might come twice
  for (const channel of channels) assert.deepEqual(await told(page, channel, 0), sent[channel]);
  await is(page, "connected");
  assert.equal((await connections(world)).length, 1);
  assert.deepEqual(page.uncaught, []);
  const messages = channels.reduce((sum, channel) => sum + sent[channel].length, 0);
  console.log({ messages, connections: page.sockets.length, ...happened });
  console.log("Connected at the end; every message was told once, in order.");
} finally {
  await world.stop();
}
