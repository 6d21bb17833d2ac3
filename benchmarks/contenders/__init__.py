"""What takes turns with our functions: the way that sign-in went before, in three forms, and the drivers of all."""
