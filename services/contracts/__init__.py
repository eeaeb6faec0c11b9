"""Every message that crosses a boundary between services, as plain typed classes without behaviour of their own."""
