"""What the web pages need of their server: the pages, and all that they ask on one origin."""
