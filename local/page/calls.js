/** What the page does with the credentials: calls of the AWS SDK for JavaScript. */

// Undefined where Node.js is missing, because the file was not built there. The page then says so.
export const sdk = await import("./aws-sdk.js").catch(() => undefined);

/** Each call takes the settings of an SDK client, the user, and the id of another user. It returns a text to show. */
export const CALLS = {
  async me(settings) {
    const client = new sdk.STSClient(settings);
    return (await client.send(new sdk.GetCallerIdentityCommand({}))).Arn;
  },
  own: (settings, { userArn }) => entry(settings, userArn),
  // Not the other's entry, because where rooms are deployed users may read the entries of all.
  async other(settings, { appInstanceArn }, other) {
    const found = await channels(settings, `${appInstanceArn}/user/${other}`).catch((error) => {
      if (error.$metadata?.httpStatusCode !== 403) throw error;
      return `403 ${error.name}: refused, as it should be`;
    });
    if (!found.startsWith("403")) throw new Error(`It should have been refused, and was answered: ${found}`);
    return found;
  },
};

async function channels(settings, ChimeBearer) {
  const client = new sdk.ChimeSDKMessagingClient(settings);
  const answer = await client.send(new sdk.ListChannelMembershipsForAppInstanceUserCommand({ ChimeBearer }));
  return `${answer.ChannelMemberships.length} channels`;
}

async function entry(settings, AppInstanceUserArn) {
  const client = new sdk.ChimeSDKIdentityClient(settings);
  const answer = await client.send(new sdk.DescribeAppInstanceUserCommand({ AppInstanceUserArn }));
  return `${answer.AppInstanceUser.Name}, ${answer.AppInstanceUser.AppInstanceUserArn.split("/").slice(2).join("/")}`;
}
