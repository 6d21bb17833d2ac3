// What the page uses of the AWS SDK for JavaScript; `make page` makes one file of it.
export { ChimeSDKIdentityClient, DescribeAppInstanceUserCommand } from "@aws-sdk/client-chime-sdk-identity";
export {
  ChimeSDKMessagingClient,
  GetMessagingSessionEndpointCommand,
  ListChannelMessagesCommand,
  SendChannelMessageCommand,
} from "@aws-sdk/client-chime-sdk-messaging";
export { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
