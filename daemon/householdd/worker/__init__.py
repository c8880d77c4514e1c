"""A data-plane process: sessions on the shared listening socket, and the control API over them."""
