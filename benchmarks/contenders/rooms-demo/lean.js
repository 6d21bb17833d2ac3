// The two clients that a join needs.
const {
  ChimeSDKMeetingsClient,
  CreateAttendeeCommand,
  CreateMeetingCommand,
} = require("@aws-sdk/client-chime-sdk-meetings");
const { DynamoDBClient, GetItemCommand, PutItemCommand } = require("@aws-sdk/client-dynamodb");
const { randomUUID } = require("node:crypto");
const { join } = require("./join.js");

const table = new DynamoDBClient({});
const meetings = new ChimeSDKMeetingsClient({});

exports.handler = join({
  getItem: (input) => table.send(new GetItemCommand(input)),
  putItem: (input) => table.send(new PutItemCommand(input)),
  createMeeting: (input) => meetings.send(new CreateMeetingCommand(input)),
  createAttendee: (input) => meetings.send(new CreateAttendeeCommand(input)),
  uuid: randomUUID,
});
