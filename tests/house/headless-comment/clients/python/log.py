"""What was heard."""

# Of many the first.
FIRST = 1
