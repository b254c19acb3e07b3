"""Named SQL of ads, one statement a file."""
