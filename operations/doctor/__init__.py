"""
Look at a stack without changing it, and say of each thing whether it is as it has to be.

Read `finding` (what a check says), then `checks` (what a check is), `places` (what a check is given), `doctor` (all of
them at the same time, within some seconds) and `report` (what is printed, and the exit status; `withheld` keeps tokens
and credentials out of it). `command` does all of it.

A token is judged by `judgement`, through the authorizer's own code; `person` says who its caller is in Chime, through
the sign-in's. `refusals` says why AWS could not be asked.

The checks are in two packages: those of `outside` call what anybody can call, and are given an `Outside`; those of
`inside` ask AWS with the operator's credentials, and are given an `Inside`. Each module there is found by itself. A
check is a generator function of that one argument:

    @check("trust", "inside", "Whether the sign-in function may assume each user role.")
    def _trust(inside: Inside) -> Iterator[Finding]:
        iam = inside.client("iam")
        ...
        yield wrong("found …", wanted="…", mend="…")

It yields `ok`, `wrong` or `unknown`, once for each thing that it looked at, and nothing if it does not apply to this
stack. What it raises is turned into `unknown`: an error of AWS with what to do about it, as everywhere in `operations`.
"""
