"""What every domain leans on; it knows none of them."""
