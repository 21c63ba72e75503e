"""What goes out: the pages around the notebooks, the downloads, and the site with its checks."""
