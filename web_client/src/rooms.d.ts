/** Enter the service's rooms as the user who is signed in, and stay in them. */

import { SignIn, SignInError } from "./chime-signin.js";

/** Return the rooms for the user of *signIn*. It makes no request until it is used. */
export function chimeRooms(signIn: Pick<SignIn, "call">): Rooms;

/**
 * Each function waits as the service asks, and tries again, for `patience` milliseconds, which by default are the
 * sign-in's. An expired token is replaced once. Errors are told by `name`: those of the sign-in, and the two below.
 */
export interface Rooms {
  /** Enter the room *name*, and open it if need be. It waits for a host to open it, too, for `patience` milliseconds. */
  join: (name: string, options?: Options) => Promise<Room>;
  /** Give up one's own seat. One that is not given up counts until the meeting ends. */
  leave: (name: string, options?: Options & { keepalive?: boolean }) => Promise<void>;
  /** For hosts: end the meeting for everybody. */
  end: (name: string, options?: Options) => Promise<void>;
  /**
   * Enter the room, start the call, and stay until it is over for this user. If the meeting ends, enter the room once
   * more, unless a host ended it; again after each call that has started.
   */
  stay: (name: string, options: StayOptions) => Promise<Stay>;
}

export interface Options {
  /** Abort it to end the request and the waiting. */
  signal?: AbortSignal;
  /** For how many milliseconds to wait for the service, or for a host. 0: one attempt; Infinity: until `signal`. */
  patience?: number;
}

/** What `new MeetingSessionConfiguration(room.Meeting, room.Attendee)` takes. */
export interface Room {
  Meeting: Meeting;
  Attendee: Attendee;
}

/** As the AWS SDK for JavaScript v3 gives it (`Meeting` of @aws-sdk/client-chime-sdk-meetings). */
export interface Meeting {
  MeetingId: string;
  MediaRegion?: string;
  ExternalMeetingId?: string;
  MediaPlacement: Record<string, string | undefined>;
  [more: string]: unknown;
}

/** As the AWS SDK for JavaScript v3 gives it (`Attendee` of @aws-sdk/client-chime-sdk-meetings). */
export interface Attendee {
  AttendeeId: string;
  /** The user's id, `ChimeUserId`; before an id of one character stands `_`. */
  ExternalUserId: string;
  JoinToken: string;
  [more: string]: unknown;
}

export interface StayOptions extends Options {
  /**
   * Make a session for *room*, choose its devices, and return its `audioVideo`, which is not started yet. It is called
   * again for each meeting that is entered. The devices are let go when the call is over.
   */
  open: (room: Room) => AudioVideo | Promise<AudioVideo>;
  /** Abort it to leave. */
  signal?: AbortSignal;
  /** Whether to enter the room again if the meeting ends. The default is true. */
  rejoin?: boolean;
}

/** How a stay ended. */
export interface Stay {
  /**
   * `left`: by `signal`, or by `audioVideo.stop()`; the seat has been given up. `ended`: the meeting is over. `removed`:
   * the attendee was deleted. `elsewhere`: the user came in on another device. `failed`: see `code`.
   */
  how: "left" | "ended" | "removed" | "elsewhere" | "failed";
  /** The SDK's MeetingSessionStatusCode, if a call had begun. */
  code?: number | string;
}

/** What is used of `AudioVideoFacade` of amazon-chime-sdk-js. */
export interface AudioVideo {
  addObserver(observer: AudioVideoObserver): void;
  removeObserver(observer: AudioVideoObserver): void;
  start(): void;
  stop(): void;
  stopAudioInput(): Promise<void>;
  stopVideoInput(): Promise<void>;
}

/** What is used of `AudioVideoObserver` of amazon-chime-sdk-js. */
export interface AudioVideoObserver {
  audioVideoDidStart(): void;
  audioVideoDidStop(status: { statusCode(): number | string }): void;
}

/** Only a host may open the room now, and none has before `patience` was over. */
export class NotOpenError extends SignInError {
  readonly name: "NotOpenError";
}

/** The meeting has as many attendees as it may have. */
export class RoomFullError extends SignInError {
  readonly name: "RoomFullError";
}
