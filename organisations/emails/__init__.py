"""One function per mail; one module per noun."""
