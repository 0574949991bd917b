"""What people type in; one module per noun."""
