"""Files of rows: JSON, NDJSON and CSV, read in pieces; a bad line is one problem and the rest loads."""
