// The whole SDK, as the original loads it.
const AWS = require("aws-sdk");
const { signIn } = require("../sign-in.js");

const endpoint = process.env.AWS_ENDPOINT_URL; // v2 does not look there by itself
const sts = new AWS.STS({ endpoint });
const chime = new AWS.ChimeSDKIdentity({ endpoint });

exports.handler = signIn(
  (input) => sts.assumeRole(input).promise(),
  (input) => chime.createAppInstanceUser(input).promise(),
);
