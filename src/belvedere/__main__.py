"""`python -m belvedere` is the command `belvedere`."""

from belvedere.main import main

main()
