/** What a chat does when it is stopped at moments that a browser does not let a test choose: with stand-ins of Amazon's SDKs. */

import assert from "node:assert/strict";
import test from "node:test";

import { chimeChat } from "../../web_client/src/chat.js";

/** Return a chat over SDKs that answer at once, and the sessions that it has opened; *answer* is what asking for the endpoint does. */
function chatOver(answer) {
  const sessions = [];
  class DefaultMessagingSession {
    stopped = 0;
    addObserver() {}
    start() {
      sessions.push(this);
      return Promise.resolve();
    }
    stop() {
      this.stopped += 1;
    }
  }
  const sdk = { DefaultMessagingSession, MessagingSessionConfiguration: class {} };
  const signIn = { user: async () => ({ userArn: "arn:…/user/ada" }), clockOffset: () => 0 };
  const chime = { config: { credentials: async () => ({}) }, getMessagingSessionEndpoint: answer };
  const chat = chimeChat({ signIn, chime, sdk, onMessage() {} });
  return { chat, sessions };
}

const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
const turn = () => new Promise(setImmediate);

test("a chat that is stopped when the endpoint has just been answered leaves no session", async () => {
  const { chat, sessions } = chatOver(() => {
    queueMicrotask(() => chat.stop());
    return Promise.resolve({ Endpoint: { Url: "node.example" } });
  });

  chat.start();
  await turn();

  assert.equal(chat.state().status, "stopped");
  assert.deepEqual(sessions.filter(({ stopped }) => !stopped), []);
});

test("a chat that a listener stops when it begins to wait leaves no timer", async () => {
  const before = timers();
  const { chat } = chatOver(() => Promise.reject(new Error("broken")));
  chat.subscribe(({ status }) => status === "waiting" && chat.stop());

  chat.start();
  await turn();

  assert.deepEqual([chat.state().status, timers()], ["stopped", before]);
});

test("a chat that a listener starts when it begins to wait tries again at once", async () => {
  let asked = 0;
  const { chat } = chatOver(() => ((asked += 1), Promise.reject(new Error("broken"))));
  chat.subscribe(({ status }) => status === "waiting" && (asked < 3 ? chat.start() : chat.stop()));

  chat.start();
  await turn();

  assert.equal(asked, 3);
});
