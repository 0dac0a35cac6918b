"""Where videos come from: folders, lists, addresses."""
