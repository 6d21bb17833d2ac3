// The two clients alone.
const STS = require("aws-sdk/clients/sts");
const ChimeSDKIdentity = require("aws-sdk/clients/chimesdkidentity");
const { signIn } = require("../sign-in.js");

const endpoint = process.env.AWS_ENDPOINT_URL; // v2 does not look there by itself
const sts = new STS({ endpoint });
const chime = new ChimeSDKIdentity({ endpoint });

exports.handler = signIn(
  (input) => sts.assumeRole(input).promise(),
  (input) => chime.createAppInstanceUser(input).promise(),
);
