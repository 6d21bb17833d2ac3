// The original's way, written out: take a role's session for the user, then make the user, one call after the other.
// Whose token it is, and whether it is good, is not looked at: the event is believed.
exports.signIn = (assumeRole, createUser) => async (event) => {
  const { subject, name } = event.requestContext.authorizer;
  const { Credentials } = await assumeRole({
    RoleArn: process.env.USER_ROLE_ARN,
    RoleSessionName: `chime_${subject}`,
    DurationSeconds: Number(process.env.SESSION_SECONDS),
    Tags: [{ Key: "UserUUID", Value: subject }],
  });
  const { AppInstanceUserArn } = await createUser({
    AppInstanceArn: process.env.CHIME_APP_INSTANCE_ARN,
    AppInstanceUserId: subject,
    ClientRequestToken: `chime_${subject}`,
    Name: name,
  });
  return {
    statusCode: 200,
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ ChimeAppInstanceUserArn: AppInstanceUserArn, ChimeCredentials: Credentials }),
  };
};
