"""The face of the program: base page, components, forms, errors, letters."""
