/** What an app has made with the SDK of its provider, as the comments in docs/web-tokens.md say. */

import type { Auth0Client } from "@auth0/auth0-spa-js";
import type { IPublicClientApplication } from "@azure/msal-browser";
import type { Clerk } from "@clerk/clerk-js";
import type { OktaAuth } from "@okta/okta-auth-js";
import type { SupabaseClient } from "@supabase/supabase-js";
import type Keycloak from "keycloak-js";
import type { UserManager } from "oidc-client-ts";

export declare const auth0: Auth0Client;
export declare const msal: IPublicClientApplication;
export declare const clerk: Clerk;
export declare const okta: OktaAuth;
export declare const supabase: SupabaseClient;
export declare const keycloak: Keycloak;
export declare const manager: UserManager;
