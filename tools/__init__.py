"""What a developer runs that the program itself does not need."""
