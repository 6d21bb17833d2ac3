/** How long the module for rooms stays in one: when it enters it again, and when it never does. */

import assert from "node:assert/strict";
import test from "node:test";

import { chimeRooms } from "../../web_client/src/rooms.js";
import { CODES, DONE, NOT_OPEN, callIn, roomAnswer } from "./calls.mjs";
import { busy, error, signInAt, until } from "./service.mjs";

/** Stay in a room whose service gives *answers*; `calls` lists the sessions that were made. */
async function stayAt(t, answers, options = {}) {
  const { signIn, requests, clock } = await signInAt(t, answers);
  const rooms = chimeRooms(signIn);
  const calls = [];
  const leaving = new AbortController();
  const open = (room) => (calls.push(callIn(room)), calls.at(-1));
  const stay = rooms.stay("stand-up", { open, signal: leaving.signal, ...options });
  stay.catch(() => {}); // tests look at it when all is over
  const called = (count) => until(() => calls[count - 1]?.did.length);
  const asked = () => requests.map(({ method, url }) => `${method} ${url}`);
  return { rooms, calls, leaving, stay, called, asked, clock };
}

const ENTER = "POST /meetings/stand-up";
const LEAVE = "DELETE /meetings/stand-up/me";
const { MeetingEnded } = CODES;

for (const [name, how] of [
  ["AudioJoinedFromAnotherDevice", "elsewhere"],
  ["AudioAttendeeRemoved", "removed"],
  ["AudioCallAtCapacity", "failed"],
  ["SignalingBadRequest", "failed"],
  ["TaskFailed", "failed"],
]) {
  for (const code of [CODES[name], name]) {
    test(`${code} (${name}) never enters again, and leaves nobody's seat: ${how}`, async (t) => {
      const { stay, calls, called, asked } = await stayAt(t, [roomAnswer("m1")]);
      await called(1);
      calls[0].begin();

      calls[0].end(code);

      assert.deepEqual(await stay, { how, code });
      assert.deepEqual(asked(), [ENTER]);
      assert.deepEqual([calls[0].did, calls[0].observed()], [["start", "release microphone"], 0]);
    });
  }
}

for (const code of [MeetingEnded, "MeetingEnded"]) {
  test(`a meeting that ended (${code}) is entered once more, in a new session`, async (t) => {
    const { calls, called, asked } = await stayAt(t, [roomAnswer("m1"), roomAnswer("m2")]);
    await called(1);
    calls[0].begin();

    calls[0].end(code);

    await called(2);
    assert.deepEqual(calls.map(({ room }) => room.Meeting.MeetingId), ["m1", "m2"]);
    assert.deepEqual(asked(), [ENTER, ENTER]);
    assert.deepEqual(calls[0].did, ["start", "release microphone"]);
  });
}

test("a meeting that had ended before the call started is entered once more, and no third time", async (t) => {
  const { stay, calls, called, asked } = await stayAt(t, [roomAnswer("m1"), roomAnswer("m2")]);
  await called(1);
  calls[0].end(MeetingEnded);
  await called(2);

  calls[1].end(MeetingEnded);

  assert.deepEqual(await stay, { how: "ended", code: MeetingEnded });
  assert.deepEqual(asked(), [ENTER, ENTER]);
});

test("each call that has started is entered once more when its meeting ends", async (t) => {
  const { calls, called } = await stayAt(t, [roomAnswer("m1")]);

  for (const count of [1, 2, 3]) {
    await called(count);
    calls[count - 1].begin();
    calls[count - 1].end(MeetingEnded);
  }

  await called(4);
});

test("a room that a host ended is over at once", async (t) => {
  const { stay, calls, called, asked, clock } = await stayAt(t, [roomAnswer("m1"), NOT_OPEN]);
  await called(1);
  calls[0].begin();

  calls[0].end(MeetingEnded);

  assert.deepEqual(await stay, { how: "ended", code: MeetingEnded });
  assert.deepEqual([asked(), clock.waits], [[ENTER, ENTER], []]);
});

test("a room that this page ended is not opened anew", async (t) => {
  const { rooms, stay, calls, called, asked } = await stayAt(t, [roomAnswer("m1"), DONE]);
  await called(1);
  calls[0].begin();

  await rooms.end("stand-up");
  calls[0].end(MeetingEnded);

  assert.equal((await stay).how, "ended");
  assert.deepEqual(asked(), [ENTER, "DELETE /meetings/stand-up"]);
});

test("a room that this page ended may be entered later", async (t) => {
  const { signIn, requests } = await signInAt(t, [DONE, roomAnswer("m1"), roomAnswer("m2")]);
  const rooms = chimeRooms(signIn);
  await rooms.end("stand-up");
  const calls = [];
  rooms.stay("stand-up", { open: (room) => (calls.push(callIn(room)), calls.at(-1)) });
  await until(() => calls[0]?.did.length);

  calls[0].end(MeetingEnded);

  await until(() => calls[1]);
  assert.equal(requests.length, 3);
});

test("who does not want to enter again does not", async (t) => {
  const { stay, calls, called, asked } = await stayAt(t, [roomAnswer("m1")], { rejoin: false });
  await called(1);
  calls[0].begin();

  calls[0].end(MeetingEnded);

  assert.equal((await stay).how, "ended");
  assert.deepEqual(asked(), [ENTER]);
});

test("an outage is waited out before the room is entered again", async (t) => {
  const { calls, called, clock } = await stayAt(t, [roomAnswer("m1"), busy(503, 5), roomAnswer("m2")]);
  await called(1);

  calls[0].end(MeetingEnded);

  await called(2);
  assert.equal(clock.waits.length, 1);
});

test("a user who may not enter again is told so", async (t) => {
  const { stay, calls, called } = await stayAt(t, [roomAnswer("m1"), error(403, "forbidden", { reason: "revoked" })]);
  await called(1);

  calls[0].end(MeetingEnded);

  await assert.rejects(stay, { name: "NotAllowedError", reason: "revoked" });
});

for (const [who, leave] of [
  ["the signal", ({ leaving }) => leaving.abort()],
  ["the session", ({ calls }) => calls[0].stop()],
]) {
  test(`who leaves by ${who} gives up their seat`, async (t) => {
    const stayed = await stayAt(t, [roomAnswer("m1"), DONE]);
    await stayed.called(1);
    stayed.calls[0].begin();

    leave(stayed);
    stayed.calls[0].end(CODES.Left);

    assert.deepEqual(await stayed.stay, { how: "left", code: CODES.Left });
    assert.deepEqual(stayed.asked(), [ENTER, LEAVE]);
    assert.deepEqual(stayed.calls[0].did, ["start", "stop", "release microphone"]);
  });
}

test("who cannot give up their seat has left all the same", async (t) => {
  const { stay, calls, called } = await stayAt(t, [roomAnswer("m1"), error(500, "internal")]);
  await called(1);
  calls[0].begin();

  calls[0].end(CODES.Left);

  assert.equal((await stay).how, "left");
});

test("who leaves while the room is entered makes no session", async (t) => {
  const { stay, calls, asked, leaving } = await stayAt(t, ["say nothing"]);
  await until(() => asked().length);

  leaving.abort();

  assert.deepEqual(await stay, { how: "left" });
  assert.equal(calls.length, 0);
});

test("who leaves while the session is made does not start it", async (t) => {
  const leaving = new AbortController();
  const calls = [];
  const open = async (room) => (leaving.abort(), calls.push(callIn(room)), calls[0]);
  const { stay, asked } = await stayAt(t, [roomAnswer("m1")], { open, signal: leaving.signal });

  assert.deepEqual(await stay, { how: "left" });
  assert.deepEqual([asked(), calls[0].did], [[ENTER], ["release microphone"]]);
});

test("who leaves before the call has started need not wait, and is taken out once it has", async (t) => {
  const { stay, calls, called, asked, leaving } = await stayAt(t, [roomAnswer("m1")]);
  await called(1);

  leaving.abort();

  assert.deepEqual(await stay, { how: "left" });
  calls[0].begin(); // the SDK had forgotten that it was stopped
  calls[0].end(CODES.Left);
  assert.deepEqual(calls[0].did, ["start", "stop", "release microphone", "stop"]);
  assert.deepEqual([asked(), calls[0].observed()], [[ENTER], 0]);
});

test("a session that cannot be made is the app's error", async (t) => {
  const open = () => Promise.reject(new Error("no microphone"));
  const { stay } = await stayAt(t, [roomAnswer("m1")], { open });

  await assert.rejects(stay, { message: "no microphone" });
});

test("who stops the session before it has started leaves the seat to their other device", async (t) => {
  const { stay, calls, called, asked } = await stayAt(t, [roomAnswer("m1")]);
  await called(1);

  calls[0].end(CODES.Left);

  assert.deepEqual(await stay, { how: "left", code: CODES.Left });
  assert.deepEqual(asked(), [ENTER]);
});

test("a signal that is aborted after the stay stops nothing", async (t) => {
  const { stay, calls, called, leaving } = await stayAt(t, [roomAnswer("m1")]);
  await called(1);
  calls[0].end(CODES.TaskFailed);
  await stay;

  leaving.abort();

  assert.deepEqual(calls[0].did, ["start", "release microphone"]);
});
