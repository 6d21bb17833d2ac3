// What the messaging test uses of Amazon's SDKs; it makes one script of it.
export { ConsoleLogger, DefaultMessagingSession, LogLevel, MessagingSessionConfiguration } from "amazon-chime-sdk-js";
export { ChimeSDKMessagingClient, CreateChannelCommand, SendChannelMessageCommand } from "@aws-sdk/client-chime-sdk-messaging";
