// jsonwebtoken with jwks-rsa, as the documentation of jwks-rsa shows it.
const jwt = require("jsonwebtoken");
const jwksClient = require("jwks-rsa");
const { authorize } = require("./authorize.js");

const { ISSUER: issuer, AUDIENCE: audience, JWKS_URI: jwksUri } = process.env;
const client = jwksClient({ jwksUri, cache: true, rateLimit: true });

function getKey(header, callback) {
  client.getSigningKey(header.kid, (error, key) => callback(error, key && key.getPublicKey()));
}

exports.handler = authorize(
  (token) =>
    new Promise((resolve, reject) => {
      const required = { issuer, audience, algorithms: ["RS256"] };
      jwt.verify(token, getKey, required, (error, claims) => {
        if (error) reject(error);
        else if (!claims.exp) reject(new Error("a token without an expiry"));
        else resolve(claims);
      });
    }),
);
