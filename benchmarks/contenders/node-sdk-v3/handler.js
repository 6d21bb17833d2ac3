const { AssumeRoleCommand, STSClient } = require("@aws-sdk/client-sts");
const { ChimeSDKIdentityClient, CreateAppInstanceUserCommand } = require("@aws-sdk/client-chime-sdk-identity");
const { signIn } = require("../sign-in.js");

const sts = new STSClient({});
const chime = new ChimeSDKIdentityClient({});

exports.handler = signIn(
  (input) => sts.send(new AssumeRoleCommand(input)),
  (input) => chime.send(new CreateAppInstanceUserCommand(input)),
);
