// An app with the chat, and what the tests of it use of Amazon's SDKs.
export { ConsoleLogger, DefaultMessagingSession, LogLevel, MessagingSessionConfiguration } from "amazon-chime-sdk-js";
export { ChimeSDKMessaging } from "@aws-sdk/client-chime-sdk-messaging";
export { chimeSignIn } from "chime-signin";
export { chimeChat } from "chime-signin/chat";
