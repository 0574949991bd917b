"""Changes of state and everything that writes more than one row; one module per noun."""
