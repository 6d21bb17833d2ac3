import { chimeSignIn, SignInError } from "chime-signin";
import type { Credentials, SignIn } from "chime-signin";
import { chimeChat } from "chime-signin/chat";
import type { ChatOptions } from "chime-signin/chat";

const signIn: SignIn = chimeSignIn({ endpoint: "https://api.example.com/v1/signin", getToken: async () => "kept" });
export const credentials: Promise<Credentials> = signIn.credentials();

export function reasonOf(error: unknown): string | undefined {
  return error instanceof SignInError ? error.reason : undefined;
}

export const chatFor = (options: Omit<ChatOptions, "signIn">) => chimeChat({ ...options, signIn });

// Only types that were found can complain.
// @ts-expect-error: without a token nobody signs in
chimeSignIn({ endpoint: "https://api.example.com/v1/signin" });
