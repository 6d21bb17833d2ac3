/** A chat that stays connected: a Chime messaging session that is opened again whenever it ends, and tells every message once. */

/**
 * Return a chat of the user who is signed in. Make another one for the next user. It does nothing until `start`.
 */
export function chimeChat(options: ChatOptions): ChimeChat;

export interface ChatOptions {
  /** What `chimeSignIn` has returned. */
  signIn: {
    user: () => Promise<{ userArn: string }>;
    clockOffset: () => number;
  };
  /** A `ChimeSDKMessaging` of `@aws-sdk/client-chime-sdk-messaging`, made with the `credentials` of this sign-in. */
  chime: MessagingClient;
  /** From `amazon-chime-sdk-js` 3. */
  sdk: MessagingSdk;
  /**
   * Called with each message once, in the order of its channel: those that arrive, and after each reconnect those that were
   * sent meanwhile. What was sent before the first connection is for the app to list. Messages that are not persistent,
   * and other events, are lost while there is no connection.
   */
  onMessage: (message: Message) => void;
  /** Called with every other event, such as `UPDATE_CHANNEL_MESSAGE`. */
  onEvent?: (event: { type: string; content: any }) => void;
  /** The sign-in's: the chat stops when it is aborted. */
  signal?: AbortSignal;
  /** Amazon's logger. By default warnings and errors go to the console. At INFO the SDK logs the session token. */
  logger?: Logger;
  /** For tests. */
  time?: Partial<ChatTime>;
}

/** The functions may be taken off it, and `subscribe` and `state` are what React's `useSyncExternalStore` takes. */
export interface ChimeChat {
  /** Returns another object after each change. */
  state: () => ChatState;
  /** Calls *listener* with each new state, until the function that it returns is called. */
  subscribe: (listener: (state: ChatState) => void) => () => void;
  /** Open the connection and keep it. While the chat is waiting it connects at once: call it when an app is in front again. */
  start: () => void;
  /** Close the connection. `start` opens it again later, and then tells what was sent meanwhile. */
  stop: () => void;
}

export type ChatState =
  | { status: "stopped" | "connecting" }
  /** Everything that was missed has been told. */
  | { status: "connected" }
  /** For the next attempt. */
  | { status: "waiting"; error: Error; retryAt: Date }
  /** The sign-in has said no, by a `SignInAgainError`, `NotAllowedError` or `OtherUserError`. `start` tries again. */
  | { status: "refused"; error: Error };

/** A `ChannelMessage` of Chime. */
export interface Message {
  ChannelArn: string;
  MessageId: string;
  CreatedTimestamp: Date;
  Content?: string;
  ContentType?: string;
  Metadata?: string;
  Type?: string;
  Sender?: { Arn?: string; Name?: string };
  LastEditedTimestamp?: Date;
  LastUpdatedTimestamp?: Date;
  Redacted?: boolean;
  MessageAttributes?: Record<string, { StringValues?: string[] }>;
  SubChannelId?: string;
}

export interface ChatEvent {
  type: string;
  payload: string | null;
}

export interface ChatTime {
  /** Milliseconds by the clock of this machine, which may be wrong. */
  wallClock: () => number;
  /** A random number from 0 to 1. */
  random: () => number;
  /** Wait, or until the signal is aborted. */
  wait: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** What a chat uses of `ChimeSDKMessaging`. */
export interface MessagingClient {
  config: {
    systemClockOffset: number;
    credentials: (options?: { forceRefresh?: boolean }) => Promise<unknown>;
    signer: () => Promise<any>;
  };
  getMessagingSessionEndpoint: (input: {}, options?: CallOptions) => Promise<{ Endpoint?: { Url?: string } }>;
  listChannelMembershipsForAppInstanceUser: (
    input: { ChimeBearer: string; NextToken?: string; MaxResults?: number },
    options?: CallOptions,
  ) => Promise<{
    ChannelMemberships?: { ChannelSummary?: { ChannelArn?: string; LastMessageTimestamp?: Date } }[];
    NextToken?: string;
  }>;
  listChannelMessages: (
    input: { ChannelArn: string; ChimeBearer: string; NotBefore?: Date; SortOrder?: "ASCENDING"; NextToken?: string; MaxResults?: number },
    options?: CallOptions,
  ) => Promise<{ ChannelMessages?: (Partial<Omit<Message, "ChannelArn">> & { Status?: { Value?: string } })[]; NextToken?: string }>;
}

export interface CallOptions {
  abortSignal?: AbortSignal;
}

/** What a chat uses of `amazon-chime-sdk-js`. */
export interface MessagingSdk {
  MessagingSessionConfiguration: new (userArn: string, sessionId: string | null, endpointUrl: string | undefined, chime: any) => {
    messagingSessionId: string | null;
    reconnectTimeoutMs: number;
  };
  DefaultMessagingSession: new (configuration: any, logger: any, webSocket: undefined, reconnectController: undefined, sigV4: { signURL: SignURL }) => {
    addObserver: (observer: { messagingSessionDidStop?: (close: any) => void; messagingSessionDidReceiveMessage?: (event: ChatEvent) => void }) => void;
    start: () => Promise<void>;
    stop: () => void;
  };
}

export type SignURL = (
  method: string,
  scheme: string,
  service: string,
  host: string,
  path: string,
  payload: string,
  parameters: Map<string, string[]> | null,
) => Promise<string>;

export interface Close {
  code: number;
  reason: string;
}

export interface Logger {
  debug: (message: string | (() => string)) => void;
  info: (message: string) => void;
  warn: (message: string) => void;
  error: (message: string) => void;
  setLogLevel: (level: number) => void;
  getLogLevel: () => number;
}
