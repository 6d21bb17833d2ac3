"use client";

import { chimeSignIn } from "chime-signin";
import { chimeChat } from "chime-signin/chat";
import { useEffect, useState } from "react";

import { tryOut } from "./try-out.cjs";

// Made while the server renders the page, too, where there is no window and a relative address leads nowhere.
const signIn = chimeSignIn({ endpoint: "/signin", getToken: () => null });

export default function Page() {
  const [outcome, setOutcome] = useState("rendered");
  useEffect(() => {
    const { searchParams } = new URL(location.href);
    if (!searchParams.has("api")) return;
    const tell = (told) => setOutcome(JSON.stringify(told));
    tryOut({ chimeSignIn, chimeChat }, Object.fromEntries(searchParams)).then(tell, (error) => tell(`${error}`));
  }, []);
  return <p id="outcome">{`${outcome}, with ${Object.keys(signIn).length > 0 ? "a sign-in" : "nothing"}`}</p>;
}
