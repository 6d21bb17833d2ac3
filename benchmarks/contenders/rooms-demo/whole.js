// All that the demo's file of handlers loads and makes for each of its functions, whichever of them it is.
const { ChimeSDKMediaPipelines } = require("@aws-sdk/client-chime-sdk-media-pipelines");
const { ChimeSDKMeetings } = require("@aws-sdk/client-chime-sdk-meetings");
require("@aws-sdk/client-cloudwatch-logs");
const { DynamoDB } = require("@aws-sdk/client-dynamodb");
const { Ivs } = require("@aws-sdk/client-ivs");
require("aws-embedded-metrics");
const { v4: uuid } = require("uuid");
const { join } = require("./join.js");

const table = new DynamoDB();
new Ivs();
const meetings = new ChimeSDKMeetings();
new ChimeSDKMediaPipelines();

exports.handler = join({
  getItem: (input) => table.getItem(input),
  putItem: (input) => table.putItem(input),
  createMeeting: (input) => meetings.createMeeting(input),
  createAttendee: (input) => meetings.createAttendee(input),
  uuid,
});
