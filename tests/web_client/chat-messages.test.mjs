/** Which messages are told, and which are listed, by exact times; Chime is a list here. */

import assert from "node:assert/strict";
import test from "node:test";

import { messageLog } from "../../web_client/src/chat-messages.js";

const CHANNEL = "arn:aws:chime:us-east-1:123456789012:app-instance/i/channel/engines";
const START = Date.parse("2026-01-01T00:00:00Z");

const message = (id, seconds, more) => ({ ChannelArn: CHANNEL, MessageId: id, CreatedTimestamp: new Date(START + seconds * 1000), ...more });

/** Return a log over the messages that Chime has, what it told, and what was listed. */
function logOver(messages, known = CHANNEL) {
  const told = [];
  const listed = [];
  const chime = {
    async listChannelMembershipsForAppInstanceUser() {
      const LastMessageTimestamp = messages.at(-1)?.CreatedTimestamp;
      return { ChannelMemberships: [{ ChannelSummary: { ChannelArn: known, LastMessageTimestamp } }] };
    },
    async listChannelMessages({ NotBefore }) {
      listed.push((NotBefore - START) / 1000);
      return { ChannelMessages: messages.filter(({ CreatedTimestamp }) => CreatedTimestamp >= NotBefore) };
    },
  };
  const log = messageLog(chime, ({ MessageId }) => told.push(MessageId));
  const connect = (seconds) => log.tellMissed("ada", START + seconds * 1000, { signal: new AbortController().signal, limited: (call) => call({}) });
  return { log, told, listed, connect };
}

test("what was sent before the first connection is not told, at once or later", async () => {
  const messages = [message("old", -11), message("new", 5)];
  const { connect, told, listed } = logOver(messages);

  await connect(0);
  assert.deepEqual(told, []);
  await connect(60);

  assert.deepEqual([told, listed], [["new"], [-10]]);
});

test("a channel without anything new is not listed", async () => {
  const { connect, listed } = logOver([message("old", -11)]);

  await connect(0);
  await connect(60);

  assert.deepEqual(listed, []);
});

test("a message that was sent before the last one that arrived, and was lost, is told", async () => {
  const messages = [message("1", 1), message("2", 2), message("3", 3)];
  const { log, connect, told } = logOver(messages);
  await connect(0);
  log.tellOnce(messages[0]);
  log.tellOnce(messages[2]);

  await connect(60);

  assert.deepEqual(told, ["1", "3", "2"]);
});

test("what a channel flow holds back is told when it is sent", async () => {
  const held = message("held", 1, { Status: { Value: "PENDING" } });
  const { log, connect, told } = logOver([held, message("sent", 2, { Status: { Value: "SENT" } })]);
  await connect(0);
  await connect(60);
  assert.deepEqual(told, ["sent"]);

  log.tellOnce(message("held", 1));

  assert.deepEqual(told, ["sent", "held"]);
});

test("after many messages each is still told once", async () => {
  const messages = Array.from({ length: 1000 }, (_, i) => message(`${i}`, i));
  const { log, connect, told } = logOver(messages);
  await connect(0);
  messages.forEach(log.tellOnce);

  await connect(1000);

  assert.equal(told.length, 1000);
});

test("a channel that is denied ends one attempt, and is left out of the next", async () => {
  const denied = Object.assign(new Error("denied"), { $metadata: { httpStatusCode: 403 } });
  const chime = {
    listChannelMembershipsForAppInstanceUser: async () => ({ ChannelMemberships: [{ ChannelSummary: { ChannelArn: CHANNEL, LastMessageTimestamp: new Date(START) } }] }),
    listChannelMessages: () => Promise.reject(fault),
  };
  let fault = denied;
  const log = messageLog(chime, () => {});
  const connect = () => log.tellMissed("ada", START, { signal: new AbortController().signal, limited: (call) => call({}) });
  await connect();

  await assert.rejects(connect(), denied);
  await connect();
  fault = new Error("broken");

  await assert.rejects(connect(), fault);
});
