/**
 * Tell every message once, in the order of its channel: those that arrive, and those that were sent between two connections.
 *
 * @import { CallOptions, Message, MessagingClient } from "./chat.d.ts"
 * @typedef {{ newest: number, told: Map<string, number> }} Channel The ids of messages, and when they were sent, in ms.
 * @typedef {<Output>(call: (options: CallOptions) => Promise<Output>) => Promise<Output>} Limited Makes a call that ends with the connection.
 * @typedef {{ signal: AbortSignal, limited: Limited }} Connection
 */

const OVERLAP_MS = 10_000; // of what was told and what is listed, because messages may arrive in another order
const MISSING_OR_DENIED = [403, 404];

/** @param {MessagingClient} chime @param {(message: Message) => void} onMessage */
export function messageLog(chime, onMessage) {
  const channels = /** @type {Map<string, Channel>} */ (new Map());
  const denied = /** @type {Set<string>} */ (new Set()); // channels that the last attempt was not allowed to list
  let epoch = Infinity; // what was sent before the first connection is not ours to tell

  /** @param {string} channelArn */
  const listedFrom = (channelArn) => (channels.get(channelArn)?.newest ?? epoch) - OVERLAP_MS;

  /** @param {Message} message */
  function tellOnce(message) {
    const channel = channels.get(message.ChannelArn) ?? { newest: 0, told: new Map() };
    channels.set(message.ChannelArn, channel);
    if (channel.told.has(message.MessageId)) return;
    const sent = message.CreatedTimestamp.getTime();
    channel.newest = Math.max(channel.newest, sent);
    channel.told.set(message.MessageId, sent);
    // Those of the overlap, and some more, are remembered. The oldest come first.
    for (const [id, time] of channel.told) {
      if (time >= channel.newest - 2 * OVERLAP_MS) break;
      channel.told.delete(id);
    }
    onMessage(message);
  }

  /** @param {string} ChannelArn @param {string} ChimeBearer @param {Connection} connection */
  async function listChannel(ChannelArn, ChimeBearer, { signal, limited }) {
    const channel = { ChannelArn, ChimeBearer, NotBefore: new Date(listedFrom(ChannelArn)), SortOrder: /** @type {const} */ ("ASCENDING") };
    let NextToken = /** @type {string | undefined} */ (undefined);
    do {
      const page = await limited((options) => chime.listChannelMessages({ ...channel, NextToken, MaxResults: 50 }, options));
      for (const message of page.ChannelMessages ?? []) {
        if (signal.aborted) return; // by what the app did with the last one
        // What a channel flow still holds back, or has refused, is seen by its sender only. It is told when it is sent.
        if ((message.Status?.Value ?? "SENT") === "SENT") tellOnce(/** @type {Message} */ ({ ChannelArn, ...message }));
      }
      NextToken = page.NextToken;
    } while (NextToken);
  }

  /** One channel that may not be read must not keep the others back, but the whole user may be denied for a moment. @param {string} channelArn @param {any} error */
  function skipIfDenied(channelArn, error) {
    if (!MISSING_OR_DENIED.includes(error?.$metadata?.httpStatusCode)) throw error;
    if (denied.has(channelArn)) return;
    denied.add(channelArn);
    throw error;
  }

  return {
    tellOnce,

    /**
     * Tell what was sent in the channels of *user*, an ARN, since the last connection, or note that this is the first.
     * @param {string} user @param {number} now @param {Connection} connection
     */
    async tellMissed(user, now, connection) {
      if (epoch === Infinity) return void (epoch = now);
      let NextToken = /** @type {string | undefined} */ (undefined);
      do {
        /** @type {Parameters<MessagingClient["listChannelMembershipsForAppInstanceUser"]>[0]} */
        const input = { ChimeBearer: user, NextToken, MaxResults: 50 };
        const page = await connection.limited((options) => chime.listChannelMembershipsForAppInstanceUser(input, options));
        for (const { ChannelSummary: { ChannelArn = "", LastMessageTimestamp = undefined } = {} } of page.ChannelMemberships ?? []) {
          if (!LastMessageTimestamp || LastMessageTimestamp.getTime() < listedFrom(ChannelArn)) continue;
          await listChannel(ChannelArn, user, connection).then(() => denied.delete(ChannelArn), (error) => skipIfDenied(ChannelArn, error));
        }
        NextToken = page.NextToken;
      } while (NextToken);
    },
  };
}
