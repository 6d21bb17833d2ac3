// jose, as its documentation shows it.
const { createRemoteJWKSet, jwtVerify } = require("jose");
const { authorize } = require("./authorize.js");

const { ISSUER: issuer, AUDIENCE: audience, JWKS_URI: jwksUri } = process.env;
const keys = createRemoteJWKSet(new URL(jwksUri));
const required = { issuer, audience, algorithms: ["RS256"], requiredClaims: ["exp", "sub"] };

exports.handler = authorize(async (token) => (await jwtVerify(token, keys, required)).payload);
