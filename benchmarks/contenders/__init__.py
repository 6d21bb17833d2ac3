"""What our functions are compared with: others' authorizers, handlers and demo of rooms, and the drivers."""
