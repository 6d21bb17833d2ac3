// What the page uses of the AWS SDK for JavaScript; `make page` makes one file of it.
export { ChimeSDKIdentityClient, DescribeAppInstanceUserCommand } from "@aws-sdk/client-chime-sdk-identity";
export { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
