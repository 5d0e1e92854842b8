"""The participants' pages, and the relay that tells workflows what people did on them."""
