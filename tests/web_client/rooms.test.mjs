/** How the module for rooms enters, leaves and ends them, and what it makes of the service's refusals. */

import assert from "node:assert/strict";
import test from "node:test";

import { chimeRooms } from "../../web_client/src/rooms.js";
import { EXPIRED, busy, error, signInAt, until } from "./service.mjs";
import { DONE, NOT_OPEN, roomAnswer } from "./calls.mjs";

async function roomsAt(t, answers, options) {
  const { signIn, ...rest } = await signInAt(t, answers, options);
  return { rooms: chimeRooms(signIn), ...rest };
}

const asked = (requests) => requests.map(({ method, url }) => `${method} ${url}`);

test("joining brings what the SDK's configuration takes", async (t) => {
  const { rooms, requests } = await roomsAt(t, [roomAnswer("m1")]);

  assert.deepEqual(await rooms.join("stand-up"), roomAnswer("m1").body);

  assert.deepEqual(asked(requests), ["POST /meetings/stand-up"]);
  assert.equal(requests[0].headers.authorization, "Bearer kept");
});

test("leaving and ending bring nothing", async (t) => {
  const { rooms, requests } = await roomsAt(t, [DONE]);

  assert.deepEqual([await rooms.leave("stand-up", { keepalive: true }), await rooms.end("stand-up")], [undefined, undefined]);

  assert.deepEqual(asked(requests), ["DELETE /meetings/stand-up/me", "DELETE /meetings/stand-up"]);
});

for (const name of ["ab", "a.b", "ada@example.com:office", `a${"-".repeat(62)}z`]) {
  test(`${name} is sent as one part of the path`, async (t) => {
    const { rooms, requests } = await roomsAt(t, [DONE]);

    await rooms.leave(name);

    assert.equal(decodeURIComponent(requests[0].url), `/meetings/${name}/me`);
    assert.equal(requests[0].url.split("/").length, 4);
  });
}

for (const name of ["", "a", "..", ".a", "a.", "a/b", "a%2fb", "a b", "a\n", "é1", "a".repeat(65), undefined]) {
  test(`${JSON.stringify(name)} is no name, and is not sent`, async (t) => {
    const { rooms, requests } = await roomsAt(t, [DONE]);

    for (const call of [rooms.join, rooms.leave, rooms.end])
      await assert.rejects(call(name), { name: "SignInError", message: "There can be no room of that name." });

    assert.equal(requests.length, 0);
  });
}

test("a room that is not open is waited for, and so is a service that is busy", async (t) => {
  const { rooms, requests, clock } = await roomsAt(t, [NOT_OPEN, busy(429, 2), busy(503, 5), roomAnswer("m1")]);

  const { Meeting } = await rooms.join("stand-up", { patience: Infinity });

  assert.equal(Meeting.MeetingId, "m1");
  assert.deepEqual([requests.length, clock.waits.map((ms) => ms >= 2000)], [4, [true, true, true]]);
});

for (const reason of ["token_expired", "ends_too_soon"]) {
  test(`a token that is refused as too old (${reason}) is replaced once`, async (t) => {
    const { rooms, asked } = await roomsAt(t, [error(401, "invalid_token", { reason }), roomAnswer("m1")]);

    await rooms.join("stand-up");

    assert.deepEqual(asked, [false, true]);
  });
}

test("a host may be waited for until the user gives up", async (t) => {
  const giveUp = new AbortController();
  const { rooms, requests } = await roomsAt(t, [NOT_OPEN, NOT_OPEN, "say nothing"]);
  const joining = rooms.join("stand-up", { patience: Infinity, signal: giveUp.signal });
  await until(() => requests.length === 3);

  giveUp.abort(new Error("gave up"));

  await assert.rejects(joining, { message: "gave up" });
});

for (const [answer, told] of [
  [NOT_OPEN, { name: "NotOpenError", status: 404, retryAfter: 5, requestId: "r7", message: "not_open." }],
  [error(404, "not_found"), { name: "SignInError", status: 404 }],
  [error(409, "room_full", { requestId: "r8" }), { name: "RoomFullError", status: 409, requestId: "r8" }],
  [error(403, "forbidden", { reason: "room_not_allowed" }), { name: "NotAllowedError", reason: "room_not_allowed" }],
  [error(403, "forbidden", { reason: "not_a_host" }), { name: "NotAllowedError", reason: "not_a_host" }],
  [busy(429, 2), { name: "UnavailableError", status: 429, retryAfter: 2 }],
  [busy(503, 60), { name: "UnavailableError", status: 503, retryAfter: 60 }],
  [error(502, "upstream_error"), { name: "SignInError", status: 502 }],
  [EXPIRED, { name: "SignInAgainError", status: 401 }],
]) {
  test(`${answer.status} ${answer.body.error} is told as ${told.name}`, async (t) => {
    const { rooms } = await roomsAt(t, [answer]);

    for (const call of [rooms.join, rooms.leave, rooms.end]) await assert.rejects(call("stand-up", { patience: 0 }), told);
  });
}

for (const [what, change] of [
  ["no meeting", { Meeting: undefined }],
  ["no placement", { Meeting: { MeetingId: "m1" } }],
  ["no attendee", { Attendee: null }],
  ["no join token", { Attendee: { AttendeeId: "a" } }],
]) {
  test(`200 with ${what} is not the service's answer`, async (t) => {
    const { rooms } = await roomsAt(t, [{ status: 200, body: { ...roomAnswer("m1").body, ...change } }]);

    await assert.rejects(rooms.join("stand-up"), { name: "SignInError", message: /endpoint/ });
  });
}
