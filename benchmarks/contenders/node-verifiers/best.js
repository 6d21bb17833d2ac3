// jose, as its documentation shows it; version 5, because it fetches by node:https, which loads sooner than version 6's fetch.
const { createRemoteJWKSet, jwtVerify } = require("jose");
const { authorize } = require("./authorize.js");

const { ISSUER: issuer, AUDIENCE: audience, JWKS_URI: jwksUri } = process.env;
const keys = createRemoteJWKSet(new URL(jwksUri));
const required = { issuer, audience, algorithms: ["RS256"], requiredClaims: ["exp", "sub"] };

exports.handler = authorize(async (token) => (await jwtVerify(token, keys, required)).payload);
