/** What apps in TypeScript do with the web client: only its types are checked. */

import { ChimeSDKMessaging, ChimeSDKMessagingClient } from "@aws-sdk/client-chime-sdk-messaging";
import type { AwsCredentialIdentityProvider } from "@aws-sdk/types";
import type { AudioVideoFacade } from "amazon-chime-sdk-js";
import type { Attendee, Meeting } from "@aws-sdk/client-chime-sdk-meetings";
import * as sdk from "amazon-chime-sdk-js";

import { chimeChat } from "../../web_client/dist/chat.js";
import { NotAllowedError, SignInError, UnavailableError, chimeSignIn } from "../../web_client/dist/chime-signin.js";
import type { Credentials, Options, State, User } from "../../web_client/dist/chime-signin.js";
import { NotOpenError, chimeRooms } from "../../web_client/dist/rooms.js";
import type { Room, Stay } from "../../web_client/dist/rooms.js";

const endpoint = new URL("https://api.example.com/v1/signin");
const tokens: Options["getToken"][] = [
  () => "kept",
  () => null,
  () => undefined,
  async () => (Math.random() > 0.5 ? "kept" : undefined),
  async ({ forceRefresh, signal }) => (await fetch(forceRefresh ? "/fresh" : "/kept", { signal })).text(),
];

export const signIns = tokens.map((getToken) => chimeSignIn({ endpoint, getToken }));
// @ts-expect-error: a token is a text
chimeSignIn({ endpoint, getToken: () => 1 });
// @ts-expect-error: without a token nobody signs in
chimeSignIn({ endpoint });

// Taken off it, as they work: a linter that looks for methods (unbound-method) has nothing to say.
export const { credentials, user } = chimeSignIn({ endpoint: "/signin", getToken: () => "kept", patience: 0 });
export const provider: AwsCredentialIdentityProvider = credentials;
export const client = new ChimeSDKMessagingClient({ region: "us-east-1", credentials });
const own = new AbortController().signal;
export const mine: Promise<Credentials> = credentials({ signal: own, patience: 0 });
const { clockOffset, state, subscribe } = chimeSignIn({ endpoint: "http://192.168.1.2/signin", insecure: true, fetch, getToken: () => "kept" });
export const ahead: number = clockOffset();
export const now: State["status"] = state().status;
export const stop: () => void = subscribe(({ status, error }) => status === "refused" && tell(error));
export const given: Promise<[Credentials, User]> = Promise.all([credentials({ forceRefresh: true }), user()]);

export function tell(error: unknown): string {
  if (error instanceof UnavailableError) return `Try again in ${error.retryAfter ?? 60} s.`;
  if (error instanceof NotAllowedError) return `You may not enter: ${error.reason ?? "ask us"}.`;
  return error instanceof SignInError ? `${error.name} ${error.status} ${error.requestId}` : String(error);
}

export const { join, leave, end, stay } = chimeRooms(signIns[0]!);
export const room: Promise<{ Meeting: Meeting; Attendee: Attendee }> = join("one", { patience: Infinity });
export function call(audioVideo: AudioVideoFacade, { signal }: AbortController): Promise<Stay> {
  return stay("one", { open: () => audioVideo, signal, patience: 0, rejoin: false });
}
export const later = stay("one", { open: async ({ Meeting }: Room): Promise<AudioVideoFacade> => Promise.reject(Meeting.MeetingId) });
export const nothing: Promise<void>[] = [leave("one", { keepalive: true }), end("one")];
export const isClosed = (error: unknown): boolean => error instanceof NotOpenError && error.retryAfter === 5;
// @ts-expect-error: without a session there is no call
stay("one", {});
const chime = new ChimeSDKMessaging({ region: async () => (await user()).region, credentials });
const signIn = chimeSignIn({ endpoint, getToken: () => "kept" });
const logger = new sdk.ConsoleLogger("chat", sdk.LogLevel.WARN);
export const chat = chimeChat({ signIn, chime, sdk, logger, onMessage: ({ Content, CreatedTimestamp }) => [Content, CreatedTimestamp.getTime()] });
chat.subscribe((now) => (now.status === "waiting" ? now.retryAt.getTime() : now.status === "refused" && now.error.name));
// @ts-expect-error: it has to be told to somebody
chimeChat({ signIn, chime, sdk });
