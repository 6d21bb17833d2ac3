/** Rooms as the service answers them, and calls as Amazon's SDK for meetings has them, whose events a test chooses. */

import { error } from "./service.mjs";

/** Return the answer to who enters a room whose meeting is *id*. */
export const roomAnswer = (id) => ({
  status: 200,
  body: {
    Meeting: { MeetingId: id, MediaRegion: "us-east-1", MediaPlacement: { AudioHostUrl: "…" } },
    Attendee: { AttendeeId: `a-${id}`, ExternalUserId: "ada", JoinToken: "t" },
  },
});

export const DONE = { status: 204, text: "" };
export const NOT_OPEN = { ...error(404, "not_open", { requestId: "r7" }), headers: { "Retry-After": "5" } };

/** MeetingSessionStatusCode of amazon-chime-sdk-js 3; a test in tests/browser compares it with the SDK's. */
export const CODES = {
  ...{ Left: 1, AudioJoinedFromAnotherDevice: 2, AudioCallAtCapacity: 4, MeetingEnded: 5, SignalingBadRequest: 11 },
  ...{ TaskFailed: 18, AudioAttendeeRemoved: 22 },
};

/** Return the `audioVideo` of a session in *room*. `did` lists what it was told to do. */
export function callIn(room) {
  const observers = new Set();
  const call = {
    room,
    did: [],
    addObserver: (observer) => observers.add(observer),
    removeObserver: (observer) => observers.delete(observer),
    observed: () => observers.size,
    start: () => call.did.push("start"),
    stop: () => call.did.push("stop"),
    stopAudioInput: async () => call.did.push("release microphone"),
    stopVideoInput: async () => Promise.reject(new Error("there is no camera")),
    begin: () => observers.forEach((observer) => observer.audioVideoDidStart()),
    end: (code) => observers.forEach((observer) => observer.audioVideoDidStop({ statusCode: () => code })),
  };
  return call;
}
