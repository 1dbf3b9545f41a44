"""Draw the data-hall wall: its geometry, its figures and the browser component that shows them."""
