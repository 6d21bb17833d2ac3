"""The page to try the service in a browser: `homepage` serves the other files of this folder."""
