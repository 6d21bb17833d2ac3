// The way into a meeting of Amazon's serverless demo (amazon-chime-sdk-js, demos/serverless), written out: look for the
// title in a table; without an item create a meeting and write it down, whoever else does so at once; then create an
// attendee under the name that the caller gives. Who the caller is, is not looked at.
const DAY = 24 * 60 * 60;
const TableName = process.env.ROOMS_TABLE;

exports.join = ({ getItem, putItem, createMeeting, createAttendee, uuid }) => {
  async function opened(title, region) {
    const meeting = await createMeeting({
      ClientRequestToken: uuid(),
      MediaRegion: region,
      ExternalMeetingId: title.slice(0, 64),
      NotificationsConfiguration: {},
    });
    const item = {
      id: { S: title },
      data: { S: JSON.stringify(meeting) },
      expires: { N: String(Math.floor(Date.now() / 1000) + DAY) },
    };
    await putItem({ TableName, Item: item });
    return meeting;
  }

  return async (event) => {
    const { title, name, region } = event.queryStringParameters;
    const { Item } = await getItem({ TableName, Key: { id: { S: title } } });
    const meeting = Item ? JSON.parse(Item.data.S) : await opened(title, region);
    const attendee = await createAttendee({
      MeetingId: meeting.Meeting.MeetingId,
      ExternalUserId: `${uuid().slice(0, 8)}#${name}`.slice(0, 64),
    });
    return {
      statusCode: 200,
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ Meeting: meeting.Meeting, Attendee: attendee.Attendee }),
    };
  };
};
