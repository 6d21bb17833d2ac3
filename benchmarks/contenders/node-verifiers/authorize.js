// A Lambda authorizer around whatever verifies tokens: it takes the token of the Authorization header, and answers with a policy.
exports.authorize = (verify) => async (event) => {
  const [scheme, token] = (event.headers.Authorization || event.headers.authorization || "").split(" ");
  if (scheme.toLowerCase() !== "bearer" || !token) throw new Error("Unauthorized");
  let claims;
  try {
    claims = await verify(token);
  } catch (error) {
    console.error(error.message);
    throw new Error("Unauthorized");
  }
  return {
    principalId: claims.sub,
    policyDocument: {
      Version: "2012-10-17",
      Statement: [{ Action: "execute-api:Invoke", Effect: "Allow", Resource: event.methodArn }],
    },
    context: { subject: claims.sub, name: claims.name },
  };
};
