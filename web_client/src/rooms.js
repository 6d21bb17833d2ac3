/**
 * Enter the service's rooms as the user who is signed in, and stay in them.
 *
 * rooms.d.ts describes the interface. Amazon's SDK for meetings is not imported: the app gives what it made with it.
 *
 * @import { AudioVideo, Room, Rooms, Stay, StayOptions } from "./rooms.d.ts"
 * @import { CallOptions, SignIn } from "./chime-signin.d.ts"
 */

import { SignInError } from "./errors.js";

export class NotOpenError extends SignInError { get name() { return /** @type {const} */ ("NotOpenError"); } }
export class RoomFullError extends SignInError { get name() { return /** @type {const} */ ("RoomFullError"); } }

// The service's rule. Checked here, too, because a name such as ".." would lead to another address.
const NAME = /^[A-Za-z0-9][\w.:@-]{0,62}[A-Za-z0-9]$/;

// MeetingSessionStatusCode of amazon-chime-sdk-js 3, by number and by name. Every other code is a failure.
/** @type {Record<number | string, Stay["how"]>} */
const HOW = {
  1: "left",
  Left: "left",
  2: "elsewhere",
  AudioJoinedFromAnotherDevice: "elsewhere",
  5: "ended",
  MeetingEnded: "ended",
  22: "removed",
  AudioAttendeeRemoved: "removed",
};

/** @param {Pick<SignIn, "call">} signIn @returns {Rooms} */
export function chimeRooms(signIn) {
  const endedHere = new Set(); // names of rooms

  /** @param {string} name @param {string} rest @param {CallOptions} options */
  async function call(name, rest, options) {
    if (typeof name !== "string" || !NAME.test(name)) throw new SignInError("There can be no room of that name.");
    return signIn.call(`meetings/${encodeURIComponent(name)}${rest}`, options).catch((error) => {
      if (isNotOpen(error)) throw new NotOpenError(error.message, error);
      throw error.status === 409 ? new RoomFullError(error.message, error) : error;
    });
  }

  /** @param {string} name @param {Omit<CallOptions, "method">} options @returns {Promise<Room>} */
  async function enter(name, options) {
    const { Meeting, Attendee } = await call(name, "", { ...options, method: "POST" });
    if (Meeting?.MeetingId && Meeting.MediaPlacement && Attendee?.AttendeeId && Attendee.JoinToken) return { Meeting, Attendee };
    throw new SignInError("The answer is not the sign-in service's: check `endpoint`.");
  }

  /** @type {Rooms["join"]} */
  async function join(name, { signal, patience } = {}) {
    endedHere.delete(name);
    return enter(name, { signal, patience });
  }

  /** @type {Rooms["leave"]} */
  async function leave(name, { signal, patience, keepalive } = {}) {
    await call(name, "/me", { method: "DELETE", signal, patience, keepalive });
  }

  /** @type {Rooms["end"]} */
  async function end(name, { signal, patience } = {}) {
    endedHere.add(name); // before the call, because the meeting may end before its answer arrives
    await call(name, "", { method: "DELETE", signal, patience });
  }

  /** @type {Rooms["stay"]} */
  async function stay(name, { signal = new AbortController().signal, ...options }) {
    return stayUntilTheEnd(name, { ...options, signal }).catch((error) => {
      if (!signal.aborted) throw error;
      return { how: "left" };
    });
  }

  /** @param {string} name @param {StayOptions & { signal: AbortSignal }} options @returns {Promise<Stay>} */
  async function stayUntilTheEnd(name, { open, signal, patience, rejoin = true }) {
    let room = await join(name, { signal, patience });
    for (let mayRejoin = rejoin; ; mayRejoin = false) {
      const { code, started } = await hold(await open(room), signal);
      const how = HOW[code] ?? "failed";
      // Only then: a device that took over, or another one while this one was not in yet, has the same attendee.
      if (how === "left" && started) await leave(name, { patience }).catch(() => {}); // the meeting's end does it, too
      if (how !== "ended" || endedHere.has(name) || !(mayRejoin || (rejoin && started))) return { how, code };
      const again = await enter(name, { signal, patience, isFinal: isNotOpen }).catch((error) => {
        if (error.name !== "NotOpenError") throw error;
      });
      if (!again) return { how, code }; // a host ended it
      room = again;
    }
  }

  return { join, leave, end, stay };
}

/** @param {{ name: string, status?: number }} error */
function isNotOpen({ name, status }) {
  return name === "UnavailableError" && status === 404;
}

/**
 * Start the call, return how it ended, and let go of microphone and camera. An aborted *signal* ends it.
 *
 * @param {AudioVideo} audioVideo @param {AbortSignal} signal
 */
async function hold(audioVideo, signal) {
  try {
    return await untilStopped(audioVideo, signal);
  } finally {
    await Promise.allSettled([audioVideo.stopAudioInput(), audioVideo.stopVideoInput()]);
  }
}

/** @param {AudioVideo} audioVideo @param {AbortSignal} signal @returns {Promise<{ code: number | string, started: boolean }>} */
function untilStopped(audioVideo, signal) {
  return new Promise((resolve, reject) => {
    let started = false;
    function abort() {
      audioVideo.stop();
      if (!started) reject(signal.reason); // because the SDK tells nothing before its attempts to connect are over
    }
    const observer = {
      audioVideoDidStart() {
        started = true;
        if (signal.aborted) audioVideo.stop(); // once more, because the SDK forgets it if an attempt fails
      },
      /** @param {{ statusCode(): number | string }} status */
      audioVideoDidStop(status) {
        audioVideo.removeObserver(observer);
        signal.removeEventListener("abort", abort);
        resolve({ code: status.statusCode(), started });
      },
    };
    if (signal.aborted) return reject(signal.reason);
    signal.addEventListener("abort", abort);
    audioVideo.addObserver(observer);
    audioVideo.start();
  });
}
