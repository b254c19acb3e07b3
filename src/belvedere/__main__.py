"""`python -m belvedere` is the command `belvedere`."""

from belvedere.main import main

if __name__ == "__main__":  # a process started by spawn reads this file again under another name
    main()
