"""The owner's desk: what waits, what was decided and why, over HTTP and as pages. Its own function writes it."""
