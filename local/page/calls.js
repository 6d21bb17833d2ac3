/** What the page does with credentials: calls of the AWS SDK for JavaScript. */

// Built where Node.js is; the page says so where it is not.
export const sdk = await import("./aws-sdk.js").catch(() => undefined);

/** Each takes the settings of an SDK client and who is signed in, and returns what AWS said; *other* is an id. */
export const CALLS = {
  async me(settings) {
    const client = new sdk.STSClient(settings);
    return (await client.send(new sdk.GetCallerIdentityCommand({}))).Arn;
  },
  own: (settings, { userArn }) => entry(settings, userArn),
  async other(settings, { appInstanceArn }, other) {
    const found = await entry(settings, `${appInstanceArn}/user/${other}`).catch((error) => {
      if (error.$metadata?.httpStatusCode !== 403) throw error;
      return `403 ${error.name}: refused, as it should be`;
    });
    if (!found.startsWith("403")) throw new Error(`It should have been refused, and was answered: ${found}`);
    return found;
  },
};

async function entry(settings, AppInstanceUserArn) {
  const client = new sdk.ChimeSDKIdentityClient(settings);
  const answer = await client.send(new sdk.DescribeAppInstanceUserCommand({ AppInstanceUserArn }));
  return `${answer.AppInstanceUser.Name}, ${answer.AppInstanceUser.AppInstanceUserArn.split("/").slice(2).join("/")}`;
}
