"""What the pages do: fetch, call a service, answer; one module per noun."""
